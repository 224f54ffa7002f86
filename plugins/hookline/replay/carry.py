"""Carrying replays out: a page of jobs at a time.

The jobs are written, their items removed and the count raised in one transaction: a process that dies at any
instruction leaves an event either to be done, or done. Replicas take turns by the lock on the replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk import timezone
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.inbox import store as inbox
from hookline.inbox.models import HELD as EVENT_HELD
from hookline.inbox.models import InboxEvent
from hookline.jobs import holding
from hookline.jobs import store as jobs
from hookline.jobs.models import CANCELLED, GATHERING, HELD, PENDING, RUN, Job
from hookline.jobs.models import DONE as FINISHED
from hookline.jobs.store import NewJob
from hookline.protocol import repetition
from hookline.protocol.content import Content
from hookline.replay import store, versions
from hookline.replay.models import DONE, ORIGINAL, PLANNED, RUNNING, Replay, ReplayItem

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 500
"""Events of one transaction."""


def go() -> int:
    """Take one replay a page further; blocking.

    :returns: how much was done; 0 when nothing is due.
    :raises SQLAlchemyError: the database is away; nothing of the page has happened.
    """
    now = timezone.utcnow()
    with autocommit() as connection:
        if not _is_due(connection, now):
            return 0
    with Session(engine()) as session, session.begin():
        forgotten = store.forget_plans(session, now)
        replay = session.scalar(
            select(Replay)
            .where(Replay.state == RUNNING, Replay.due_at <= now)
            .order_by(Replay.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return forgotten + (_page(session, replay, now) if replay is not None else 0)


def _is_due(connection: Connection, now: datetime) -> bool:
    running = select(Replay.seq).where(Replay.state == RUNNING, Replay.due_at <= now).limit(1)
    old = select(Replay.seq).where(Replay.state == PLANNED, Replay.created_at < now - store.PLAN_LASTS)
    return any(connection.execute(query.limit(1)).first() for query in (running, old))


def _page(session: Session, replay: Replay, now: datetime) -> int:
    query = select(ReplayItem).where(ReplayItem.replay == replay.seq).order_by(ReplayItem.position)
    size = min(replay.rate, MOST)
    items = session.scalars(query.limit(size)).all()
    _write(session, replay, items, now)
    if items:
        done = ReplayItem.position <= items[-1].position
        session.execute(delete(ReplayItem).where(ReplayItem.replay == replay.seq, done))
    if len(items) < size:
        replay.state, replay.ended_at = DONE, now
    replay.due_at = now + timedelta(seconds=size / replay.rate)
    return len(items) or 1


def _write(session: Session, replay: Replay, items: Sequence[ReplayItem], now: datetime) -> None:
    query = select(InboxEvent).where(InboxEvent.seq.in_({item.event_seq for item in items}))
    # Other data may take the place of a job that is held: whoever locks both locks events before jobs.
    found = session.scalars(query if replay.data is None else query.with_for_update())
    events = {event.seq: event for event in found}
    first = _first_jobs(session, items)
    repeats = [item.job_seq for item in items if item.job_seq is not None]
    repeated = _bodies(session, repeats)
    then = versions.of_then(session, list(repeats)) if replay.version == ORIGINAL else {}
    made = []
    for item in items:
        event = events.get(item.event_seq)
        if event is None or (replay.version == ORIGINAL and item.job_seq not in then):
            replay.gone += 1
            continue
        replay.done += 1
        job = first.get((item.event_seq, item.dag_id))
        if replay.data is None and job is not None and _goes_by_itself(job, item, replay):
            continue
        if job is not None and job.state == HELD:
            if replay.data is None:
                holding.go_on(job, now)
                job.run_paused = True
                continue
            _replace(event, job, replay.seq, now)
        origin = item.job_seq or (job.seq if job is not None else None)
        body = repetition.body(
            repeated.get(origin or 0, event.body),
            event.event_id,
            replay.seq,
            data=replay.data,
            dag_version=then.get(item.job_seq or 0),
        )
        made.append(_job(replay, event, item.dag_id, origin=origin, body=body))
    jobs.add(session, made, now)


def _first_jobs(session: Session, items: Sequence[ReplayItem]) -> dict[tuple[int, str], Job]:
    query = select(Job).where(
        Job.event_seq.in_({item.event_seq for item in items}), Job.kind == RUN, Job.origin_seq.is_(None)
    )
    return {
        (job.event_seq or 0, job.dag_id or ""): job
        for job in session.scalars(query.order_by(Job.seq).with_for_update())
    }


def _bodies(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    query = select(Job.seq, Job.body).where(Job.seq.in_(numbers), Job.body.is_not(None))
    return {number: body or "" for number, body in session.execute(query)}


def _goes_by_itself(job: Job, item: ReplayItem, replay: Replay) -> bool:
    # Planned before it had run, it is not to run twice.
    if item.job_seq not in (None, job.seq):
        return False
    return job.state in (PENDING, GATHERING) or (job.state == FINISHED and job.updated_at > replay.created_at)


def _replace(event: InboxEvent, job: Job, replay: int, now: datetime) -> None:
    job.state, job.reason, job.updated_at = CANCELLED, f"Replay {replay} has it with other data.", now
    if event.state == EVENT_HELD:
        inbox.dispatched(event, job.dag_id, None)


def _job(replay: Replay, event: InboxEvent, dag_id: str, *, origin: int | None, body: str) -> NewJob:
    # What never ran runs as itself, unless somebody changed it.
    again = origin is not None or replay.data is not None or event.run_id is not None
    return NewJob(
        source=event.source,
        event_id=event.event_id,
        event_type=event.event_type,
        received_at=event.received_at,
        kind=RUN,
        target=dag_id,
        url=Content(event.body).path,
        event_seq=event.seq,
        dag_id=dag_id,
        run_id=repetition.run_id(event.source, event.event_id, replay.seq) if again else None,
        state=PENDING,
        origin_seq=origin,
        run_paused=True,  # a person wants it to go out
        body=body if again else None,
    )
