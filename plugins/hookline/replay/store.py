"""Planning, starting, cancelling, watching replays; every function works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from hookline.exceptions import HooklineError
from hookline.replay.models import CANCELLED, DONE, PLANNED, RUNNING, Replay, ReplayItem
from hookline.replay.selection import Item, Selected, Selection

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PLAN_LASTS = timedelta(hours=1)
FORGOTTEN = 100
"""Plans that one look removes."""


class Wrong(HooklineError):
    """A replay that cannot be started or cancelled; the message says why."""


def plan(
    session: Session,
    wanted: Selection,
    selected: Selected,
    *,
    data: str | None,
    rate: int,
    user: str,
    now: datetime,
) -> Replay:
    """Keep what a replay would do, for whoever starts it."""
    replay = Replay(
        state=PLANNED,
        selection=_written(wanted),
        version=wanted.version,
        data=data,
        rate=rate,
        total=len(selected.items),
        done=0,
        gone=0,
        created_by=user,
        created_at=now,
        due_at=now,
    )
    session.add(replay)
    session.flush()
    rows = [
        {
            "replay": replay.seq,
            "position": position,
            "event_seq": item.event,
            "dag_id": item.dag_id,
            "job_seq": item.job,
        }
        for position, item in enumerate(selected.items)
    ]
    if rows:
        session.execute(insert(ReplayItem), rows)
    return replay


def start(session: Session, number: int, total: int, now: datetime) -> Replay:
    """Let a planned replay run.

    :param total: how many events its plan showed.
    :raises Wrong: there is no such plan, or it showed something else.
    """
    replay = _locked(session, number)
    if replay.state != PLANNED:
        raise Wrong(f"Replay {number} is {replay.state}; plan a new one.")
    if replay.created_at < now - PLAN_LASTS:
        raise Wrong(f"The plan of replay {number} is older than an hour; plan a new one.")
    if replay.total != total:
        raise Wrong(f"The plan of replay {number} showed {replay.total} events, not {total}.")
    replay.state, replay.started_at, replay.due_at = (RUNNING if total else DONE), now, now
    replay.ended_at = None if total else now
    return replay


def cancel(session: Session, number: int, now: datetime) -> Replay:
    """Stop a replay; what it has started goes on.

    :raises Wrong: there is none, or it has ended.
    """
    replay = _locked(session, number)
    if replay.state not in (PLANNED, RUNNING):
        raise Wrong(f"Replay {number} is {replay.state} already.")
    replay.state, replay.ended_at = CANCELLED, now
    session.execute(delete(ReplayItem).where(ReplayItem.replay == number))
    return replay


def get(session: Session, number: int) -> Replay | None:
    """Return a replay."""
    return session.get(Replay, number)


def page(
    session: Session, *, limit: int, before: int | None = None, user: str | None = None
) -> Sequence[Replay]:
    """Return the newest replays, everybody's or those that one planned."""
    query = select(Replay).order_by(Replay.seq.desc()).limit(limit)
    if user is not None:
        query = query.where(Replay.created_by == user)
    return session.scalars(query if before is None else query.where(Replay.seq < before)).all()


def dags(session: Session, number: int) -> frozenset[str]:
    """Return the Dags that a replay has still events for."""
    query = select(ReplayItem.dag_id).where(ReplayItem.replay == number).distinct()
    return frozenset(session.scalars(query))


def sample(session: Session, number: int, limit: int) -> list[Item]:
    """Return what a replay does next."""
    query = select(ReplayItem).where(ReplayItem.replay == number).order_by(ReplayItem.position).limit(limit)
    return [Item(row.event_seq, row.dag_id, row.job_seq) for row in session.scalars(query)]


def forget_plans(session: Session, now: datetime) -> int:
    """Remove plans that nobody started; return how many."""
    old = select(Replay.seq).where(Replay.state == PLANNED, Replay.created_at < now - PLAN_LASTS)
    numbers = session.scalars(old.limit(FORGOTTEN).with_for_update(skip_locked=True)).all()
    if numbers:
        session.execute(delete(ReplayItem).where(ReplayItem.replay.in_(numbers)))
        session.execute(
            update(Replay)
            .where(Replay.seq.in_(numbers))
            .values(state=CANCELLED, ended_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(numbers)


def _locked(session: Session, number: int) -> Replay:
    replay = session.scalar(select(Replay).where(Replay.seq == number).with_for_update())
    if replay is None:
        raise Wrong(f"There is no replay {number}.")
    return replay


def _written(wanted: Selection) -> str:
    def plain(value: Any) -> Any:
        return (
            {name: plain(one) for name, one in value.items() if one is not None}
            if isinstance(value, dict)
            else value
        )

    return json.dumps(plain(asdict(wanted)), default=str)
