"""Held events go out when a Dag for them appears, is mended or is unpaused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import timezone
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch.dags import Found, choose
from hookline.inbox import store

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags

RELEASE = 500


def release(dags: EventDags) -> int:
    """Hand back to the dispatcher what can go out now, at most 500 events of each kind.

    :returns: how many events were released.
    :raises SQLAlchemyError: the database is away.
    """
    with autocommit() as connection:
        kinds = store.held_candidates(connection)
    if not kinds:
        return 0
    released = 0
    with Session(engine()) as session, session.begin():
        known = dags.look_up(session, (name for kind in kinds for name in kind))
        for kind in kinds:
            target = choose(kind, known)
            if isinstance(target, Found):
                released += store.release(
                    session, kind, timezone.utcnow(), limit=RELEASE, only_run_paused=target.paused
                )
    return released
