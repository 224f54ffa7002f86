"""Jobs that wait, and who takes them on; every function works inside the caller's transaction.

Whoever locks both locks events before jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hookline.inbox.models import DISPATCHED, PENDING, QUARANTINED, InboxEvent
from hookline.inbox.models import FAILED as EVENT_FAILED
from hookline.jobs import models
from hookline.jobs.models import CANCELLED, DONE, FAILED, GATHERING, REFUSED, Job, Progress, Turn

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

ACTIVE = (models.PENDING, GATHERING, DONE)
WHOLE = {"synchronize_session": False}


def of_events(session: Session, events: Collection[int]) -> dict[tuple[int, str, str], Job]:
    """Return the first jobs of events that were looked at before, locked, by event, kind and target."""
    query = (
        select(Job)
        .where(Job.event_seq.in_(events), Job.origin_seq.is_(None))
        .order_by(Job.seq)
        .with_for_update()
    )
    return {(job.event_seq or 0, job.kind, job.target): job for job in session.scalars(query)}


def has_due(connection: Connection, now: datetime) -> bool:
    """Tell whether a job is to go out."""
    query = select(Job.seq).where(Job.state == models.PENDING, Job.due_at <= now).limit(1)
    return connection.execute(query).first() is not None


def claim(session: Session, now: datetime, limit: int) -> Sequence[Job]:
    """Lock and return jobs that are to go out and that no other replica holds, the longest due first."""
    query = (
        select(Job)
        .where(Job.state == models.PENDING, Job.due_at <= now)
        .order_by(Job.due_at, Job.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def lock(session: Session, numbers: Collection[int]) -> list[Job]:
    """Lock the pending jobs among these, and their events; leave out what another replica holds."""
    wanted = session.execute(select(Job.seq, Job.event_seq).where(Job.seq.in_(numbers))).all()
    events = {row.event_seq for row in wanted if row.event_seq is not None}
    there = set(session.scalars(select(InboxEvent.seq).where(InboxEvent.seq.in_(events))))
    ours = select(InboxEvent.seq).where(InboxEvent.seq.in_(events)).order_by(InboxEvent.seq)
    locked = set(session.scalars(ours.with_for_update(skip_locked=True)))
    free = [row.seq for row in wanted if row.event_seq not in there or row.event_seq in locked]
    query = select(Job).where(Job.seq.in_(free), Job.state == models.PENDING).order_by(Job.seq)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def whole(session: Session, jobs: Sequence[Job]) -> list[Job]:
    """Leave out the jobs of a run of which another replica holds one: a batch without it would lose it."""
    key = (Job.dag_id, Job.run_id)
    ids = {job.run_id for job in jobs if job.run_id is not None}
    query = select(*key, func.count()).where(Job.run_id.in_(ids), Job.state == models.PENDING).group_by(*key)
    wanted = {(dag_id, run_id): count for dag_id, run_id, count in session.execute(query)}
    ours = Counter((job.dag_id, job.run_id) for job in jobs)
    return [
        job
        for job in jobs
        if job.run_id is None or ours[job.dag_id, job.run_id] == wanted.get((job.dag_id, job.run_id))
    ]


def take_back_tries(session: Session, numbers: Collection[int], now: datetime) -> None:
    """Undo that a try was counted: nothing was tried, and the process lives."""
    session.execute(
        update(Job)
        .where(Job.seq.in_(numbers), Job.state == models.PENDING, Job.attempts > 0)
        .values(attempts=Job.attempts - 1, due_at=now)
        .execution_options(**WHOLE)
    )


def members(session: Session, runs: Iterable[tuple[str | None, str | None]]) -> Sequence[Job]:
    """Return all pending jobs of runs that are to take several events."""
    ids = {run_id for _, run_id in runs if run_id is not None}
    query = select(Job).where(Job.run_id.in_(ids), Job.state == models.PENDING).order_by(Job.seq)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def bodies(session: Session, jobs: Iterable[Job]) -> dict[int, str]:
    """Return the text of each job's event; one whose event is not there any more is left out."""
    query = select(Job.seq, func.coalesce(Job.body, InboxEvent.body)).outerjoin(
        InboxEvent, InboxEvent.seq == Job.event_seq
    )
    rows = session.execute(query.where(Job.seq.in_([job.seq for job in jobs])))
    return {seq: body for seq, body in rows if body is not None}


def tell_events(session: Session, jobs: Iterable[Job]) -> None:
    """Let the events of jobs say what has become of them; they are locked by the caller.

    A replay is none of its event's, unless it took the place of what had not gone out.
    """
    of = list(jobs)
    repeated = {job.origin_seq for job in of if job.origin_seq is not None}
    replaced = set(session.scalars(select(Job.seq).where(Job.seq.in_(repeated), Job.state == CANCELLED)))
    for job in of:
        if job.event_seq is None or job.origin_seq not in {None, *replaced}:
            continue
        event = update(InboxEvent).where(InboxEvent.seq == job.event_seq, InboxEvent.run_id.is_(None))
        if job.state == DONE and job.run_id is not None:
            event = event.values(state=DISPATCHED, dag_id=job.dag_id, run_id=job.run_id, reason=None)
        elif job.state in (REFUSED, FAILED):
            others = select(Job.seq).where(
                Job.event_seq == job.event_seq, Job.state.in_((*ACTIVE, models.HELD)), Job.seq != job.seq
            )
            state = QUARANTINED if job.state == REFUSED else EVENT_FAILED
            event = event.where(~others.exists()).values(state=state, reason=job.reason)
        else:
            continue
        session.execute(event.execution_options(**WHOLE))


def held_dags(connection: Connection) -> list[str]:
    """Return the Dags that jobs are held for, by one index seek each."""
    held = (Job.state == models.HELD) & Job.held_by.is_(None)
    first = select(func.min(Job.dag_id).label("dag_id")).where(held).cte("dags", recursive=True)
    following = select(func.min(Job.dag_id)).where(held, Job.dag_id > first.c.dag_id).scalar_subquery()
    dags = first.union_all(select(following).where(first.c.dag_id.is_not(None)))
    return list(connection.scalars(select(dags.c.dag_id).where(dags.c.dag_id.is_not(None))))


def release(session: Session, dag_id: str, now: datetime, *, limit: int, only_run_paused: bool) -> int:
    """Hand held jobs of a Dag on, the oldest first: to their gathering, or to go out.

    :param only_run_paused: leave those that wait for their Dag to be unpaused.
    :returns: how many, at most ``limit``; those that a person holds stay.
    """
    oldest = (
        select(Job.seq)
        .where(Job.state == models.HELD, Job.dag_id == dag_id, Job.held_by.is_(None))
        .order_by(Job.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if only_run_paused:
        oldest = oldest.where(Job.run_paused.is_(True))
    numbers = session.scalars(oldest).all()
    # What had been gathered already keeps its run.
    gathers = (Job.gather_key.is_not(None)) & (Job.run_id.is_(None))
    for condition, state in ((gathers, GATHERING), (~gathers, models.PENDING)):
        session.execute(
            update(Job)
            .where(Job.seq.in_(numbers), condition)
            .values(state=state, due_at=now, attempts=0, reason=None, updated_at=now)
            .execution_options(**WHOLE)
        )
    return len(numbers)


def gathered(session: Session, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Return Dags and keys of which one waits that may go out, without those that wait for their turn."""
    turn = select(Turn.job_seq).where(Turn.dag_id == Job.dag_id, Turn.gather_key == Job.gather_key)
    query = (
        select(Job.dag_id, Job.gather_key)
        .where(Job.state == GATHERING, Job.due_at <= now, ~turn.exists())
        .group_by(Job.dag_id, Job.gather_key)
        .order_by(func.min(Job.due_at))
        .limit(limit)
    )
    return [(dag_id or "", key or "") for dag_id, key in session.execute(query)]


def waiting(session: Session, dag_id: str, key: str, limit: int) -> Sequence[Job]:
    """Return the jobs of one Dag and key that gather or are held, the first to arrive first.

    One that a person holds belongs to no batch until it is released.
    """
    query = select(Job).where(*_of_key(dag_id, key), Job.held_by.is_(None))
    return session.scalars(query.order_by(Job.event_seq, Job.seq).limit(limit)).all()


def first(session: Session, dag_id: str, key: str) -> Job | None:
    """Return which of them is next in their order; one that a person holds keeps its place."""
    query = select(Job).where(*_of_key(dag_id, key)).order_by(Job.event_seq, Job.seq)
    return session.scalars(query.limit(1)).first()


def arrivals(session: Session, dag_id: str, key: str, limit: int) -> Sequence[Any]:
    """Return number, time and state of what :func:`waiting` returns, and nothing else of it."""
    query = (
        select(Job.seq, Job.received_at, Job.state)
        .where(*_of_key(dag_id, key), Job.held_by.is_(None))
        .order_by(Job.event_seq, Job.seq)
        .limit(limit)
    )
    return session.execute(query).all()


def _of_key(dag_id: str, key: str) -> tuple[Any, ...]:
    return Job.dag_id == dag_id, Job.gather_key == key, Job.state.in_((GATHERING, models.HELD))


def has_keyless(session: Session, dag_id: str, *, before: int | None = None) -> bool:
    """Tell whether a job for a Dag waits of which nobody could say yet what it gathers by.

    :param before: of an earlier event than this, whoever holds it.
    """
    query = select(Job.seq).where(
        Job.dag_id == dag_id,
        Job.state.in_((models.HELD, models.PENDING)),
        Job.kind == models.RUN,
        Job.gather_key.is_(None),
        Job.run_id.is_(None),
        Job.origin_seq.is_(None),
    )
    mine = Job.held_by.is_(None) if before is None else Job.event_seq < before
    return session.execute(query.where(mine).limit(1)).first() is not None


def hold_gathering(
    session: Session, dag_id: str, reason: str, now: datetime, *, run_paused: bool = True
) -> None:
    """Let what a Dag has gathered wait until the Dag can run.

    :param run_paused: also what goes out although its Dag is paused.
    """
    which = [] if run_paused else [Job.run_paused.is_not(True)]
    session.execute(
        update(Job)
        .where(Job.dag_id == dag_id, Job.state == GATHERING, *which)
        .values(state=models.HELD, reason=reason, updated_at=now)
        .execution_options(**WHOLE)
    )


def only_one(session: Session, name: str) -> Progress | None:
    """Lock and return a loop's progress; None if another replica has it."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query = select(Progress).where(Progress.name == name)
    found = session.scalar(query.with_for_update(skip_locked=True))
    if found is None and session.scalar(query) is None:
        session.execute(insert(Progress).values(name=name, value=0).on_conflict_do_nothing())
        found = session.scalar(query.with_for_update(skip_locked=True))
    return found


def first_pending(session: Session) -> int | None:
    """Return the number of the oldest event whose jobs are not decided yet."""
    return session.scalar(
        select(InboxEvent.seq).where(InboxEvent.state == PENDING).order_by(InboxEvent.seq).limit(1)
    )
