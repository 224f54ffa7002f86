"""Held events and jobs go out when a Dag for them appears, is mended or is unpaused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import timezone
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import targets
from hookline.dispatch.dags import Found, NotFound
from hookline.inbox import store
from hookline.jobs import queue

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags, Known

RELEASE = 500


def release(dags: EventDags) -> int:
    """Hand back to the dispatcher what can go out now, at most 500 of each kind of event and of each Dag.

    :returns: how many events and jobs were released.
    :raises SQLAlchemyError: the database is away.
    """
    with autocommit() as connection:
        kinds = store.held_candidates(connection)
        waited_for = queue.held_dags(connection)
    if not kinds and not waited_for:
        return 0
    released = 0
    with Session(engine()) as session, session.begin():
        dags.refresh(session)
        known = dags.look_up(session, targets.interesting(dags.marks, kinds, ()) | set(waited_for))
        for kind in kinds:
            able = _able(targets.named(kind, known, dags.marks))
            if able:
                paused = all(found.paused for found in able)
                released += store.release(
                    session, kind, timezone.utcnow(), limit=RELEASE, only_run_paused=paused
                )
        for dag_id in waited_for:
            released += _release_jobs(session, dag_id, known, dags)
    return released


def _able(named: list[targets.Target] | NotFound) -> list[Found]:
    return [] if isinstance(named, NotFound) else [entry for _, entry in named if isinstance(entry, Found)]


def _release_jobs(session: Session, dag_id: str, known: Known, dags: EventDags) -> int:
    entry = known.get(dag_id)
    if not isinstance(entry, Found):
        return 0
    # Of several Dags that claim an event without saying so all wait.
    if entry.mark.event is not None:
        event = entry.mark.event
        others = dags.look_up(session, targets.interesting(dags.marks, [(event,)], ()))
        if entry not in _able(targets.named((event,), {**others, dag_id: entry}, dags.marks)):
            return 0
    return queue.release(session, dag_id, timezone.utcnow(), limit=RELEASE, only_run_paused=entry.paused)
