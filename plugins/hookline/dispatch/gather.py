"""What has been gathered becomes jobs that go out; whose turn is over makes room for the next.

One replica at a time decides, by the lock of its progress: a batch is whole, and of two events that are to
run one after the other no second dispatcher takes the second first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.models.dagrun import DagRun
from airflow.sdk import timezone
from airflow.utils.state import State
from sqlalchemy import and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import quiet
from hookline.dispatch.dags import Found, NotFound
from hookline.inbox.models import InboxEvent
from hookline.jobs import queue
from hookline.jobs.models import CANCELLED, DONE, FAILED, GATHERING, HELD, PENDING, REFUSED, Job, Turn
from hookline.protocol import deduplication, gathering
from hookline.protocol.gathering import DEBOUNCE, MAX_BATCH, ORDER, Gathering, Waiting

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags

NAME = "gathering"
KEYS = 500
"""Keys, and turns, that one look goes through."""
Key = tuple[str, str]


def close(dags: EventDags, touched: Collection[Key] = ()) -> int:
    """Let out what is complete.

    :param touched: Dags and keys that have just got something, and may be complete before their time.
    :returns: how many jobs go out.
    :raises SQLAlchemyError: the database is away.
    """
    now = timezone.utcnow()
    with Session(engine()) as session, session.begin():
        if queue.only_one(session, NAME) is None:
            return 0
        _end_turns(session)
        keys = dict.fromkeys((*queue.gathered(session, now, KEYS), *touched))
        known = dags.look_up(session, {dag_id for dag_id, _ in keys})
        undecided = queue.first_pending(session)
        return sum(_close(session, key, known.get(key[0]), undecided, now) for key in keys)


def has_turns() -> bool:
    """Tell whether anybody waits for a run to end, so that the next look is soon."""
    with autocommit() as connection:
        return connection.execute(select(Turn.job_seq).limit(1)).first() is not None


def _end_turns(session: Session) -> None:
    run = and_(DagRun.dag_id == Job.dag_id, DagRun.run_id == Job.run_id)
    over = or_(
        Job.seq.is_(None),
        Job.state.in_((REFUSED, FAILED, CANCELLED)),
        # However the run has ended, or if somebody deleted it.
        and_(Job.state == DONE, or_(DagRun.id.is_(None), DagRun.state.in_(State.finished_dr_states))),
    )
    query = (
        select(Turn.dag_id, Turn.gather_key)
        .outerjoin(Job, Job.seq == Turn.job_seq)
        .outerjoin(DagRun, run)
        .where(over)
        .limit(KEYS)
    )
    ended = [tuple(row) for row in session.execute(query)]
    if ended:
        session.execute(delete(Turn).where(tuple_(Turn.dag_id, Turn.gather_key).in_(ended)))


def _close(
    session: Session, key: Key, entry: Found | NotFound | None, undecided: int | None, now: datetime
) -> int:
    dag_id, name = key
    if not isinstance(entry, Found):
        reason = entry.reason if entry is not None else f"No event Dag is called `{dag_id}`."
        queue.hold_gathering(session, dag_id, reason, now)
        return 0
    if entry.paused:
        queue.hold_gathering(session, dag_id, f"The Dag `{dag_id}` is paused.", now, run_paused=False)
    how = entry.mark.gathering
    if how is not None and how.how == ORDER:
        return _next(session, key, queue.first(session, dag_id, name), undecided, now)
    in_part = queue.has_keyless(session, dag_id)
    if how is not None and how.how == DEBOUNCE and not entry.paused:
        return 0 if in_part else quiet.close(session, dag_id, name, how, now)
    jobs = queue.waiting(session, dag_id, name, MAX_BATCH + 1)
    in_part = in_part or any(job.state == HELD for job in jobs)
    if how is not None and not entry.paused and in_part:
        return 0  # released in part they belong together all the same
    ours = [job for job in jobs if job.state == GATHERING]
    return sum(_out(group, how, now) for group in _groups(session, ours, how, now))


def _next(session: Session, key: Key, job: Job | None, undecided: int | None, now: datetime) -> int:
    # Held jobs of a Dag that could not be read have no key yet: whose turn it is may be among them.
    if job is None or queue.has_keyless(session, key[0], before=job.event_seq or 0):
        return 0
    # An earlier event of which nobody knows yet what it is for may be the one whose turn it is.
    if job.state == HELD or (undecided is not None and undecided < (job.event_seq or 0)):
        return 0
    if session.get(Turn, key) is not None:
        return 0
    session.add(Turn(dag_id=key[0], gather_key=key[1], job_seq=job.seq))
    return _out([job], None, now)


def _groups(session: Session, jobs: Sequence[Job], how: Gathering | None, now: datetime) -> list[list[Job]]:
    if how is None:  # the newest version of the Dag gathers no more
        return [[job] for job in jobs]
    size = select(InboxEvent.seq, func.length(InboxEvent.body))
    rows = session.execute(size.where(InboxEvent.seq.in_([job.event_seq for job in jobs])))
    sizes = {seq: length for seq, length in rows}  # noqa: C416  rows are no pairs to mypy
    of_number = {job.seq: job for job in jobs}
    waiting = [Waiting(job.seq, job.received_at, sizes.get(job.event_seq or 0, 0)) for job in jobs]
    groups = [[of_number[one.number] for one in group] for group in gathering.ready(how, waiting, now)]
    if rest := waiting[sum(map(len, groups)) :]:
        # Not looked at before its time, it keeps no other key from being looked at.
        due = gathering.closes(how, rest)
        for one in rest:
            of_number[one.number].due_at = due
    return groups


def _out(group: Sequence[Job], how: Gathering | None, now: datetime) -> int:
    last = group[-1]
    if how is not None and how.is_batch:
        run_id = deduplication.job_run_id(last.seq)
    else:
        run_id = deduplication.run_id(last.source, last.event_id)
    for job in group:
        job.state, job.run_id, job.due_at, job.updated_at, job.attempts = PENDING, run_id, now, now, 0
    return len(group)
