"""Reading and writing jobs; every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, tuple_, update

from hookline.inbox.models import InboxEvent
from hookline.jobs.models import PENDING, Job

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

SEARCHED = 5000
"""Jobs that one search for text reads."""
CLOCKS = timedelta(hours=1)
"""How far the clocks of replicas may differ before a filter by time misses a job."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs are asked for; what is ``None`` does not matter.

    :param correlation: of the event, as long as the inbox has it.
    :param since: not created before.
    :param until: created before.
    :param text: a part of the event's body, its id, the run id or the reason, as it is written.
    :param dags: only jobs of these Dags; an asset event belongs to none.
    """

    source: str | None = None
    event_type: str | None = None
    state: str | None = None
    dag_id: str | None = None
    kind: str | None = None
    run_id: str | None = None
    event_id: str | None = None
    correlation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    dags: Collection[str] | None = None


@dataclass(slots=True)
class NewJob:
    """A row to be; fields as in :class:`~hookline.jobs.models.Job`."""

    source: str
    event_id: str
    event_type: str
    received_at: datetime
    kind: str
    target: str
    event_seq: int | None = None
    url: str | None = None
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    state: str = PENDING
    reason: str | None = None
    attempts: int = 0
    gather_key: str | None = None
    due_at: datetime | None = None
    origin_seq: int | None = None
    body: str | None = None
    run_paused: bool | None = None
    held_by: str | None = None


@dataclass(slots=True)
class Page:
    """Jobs, newest first.

    :param before: where the next page begins; ``None`` if this is the last.
    """

    jobs: Sequence[Any] = field(default_factory=list)
    before: int | None = None


_FIELDS = NewJob.__slots__


def add(session: Session, jobs: Sequence[NewJob], now: datetime) -> list[int]:
    """Write jobs by one statement.

    :returns: their numbers, in the order of ``jobs``.
    :raises sqlalchemy.exc.IntegrityError: one event has one target twice.
    """
    if not jobs:
        return []
    rows = [
        {
            **{name: getattr(job, name) for name in _FIELDS},
            "due_at": job.due_at or now,
            "created_at": now,
            "updated_at": now,
        }
        for job in jobs
    ]
    statement = insert(Job).returning(Job.seq, sort_by_parameter_order=True)
    return list(session.scalars(statement, rows))


def change(session: Session, jobs: Sequence[tuple[int, NewJob]], now: datetime) -> None:
    """Write what has become of jobs; they are locked by the caller.

    :param jobs: each with its number.
    """
    for number, job in jobs:
        session.execute(
            update(Job)
            .where(Job.seq == number)
            .values(
                state=job.state,
                reason=job.reason,
                run_id=job.run_id,
                gather_key=job.gather_key,
                attempts=job.attempts,
                due_at=job.due_at or now,
                updated_at=now,
            )
            .execution_options(synchronize_session=False)
        )


def get(connection: Connection, seq: int) -> Any:
    """Return one job's row with its event's body as ``event_body``, or ``None``."""
    columns = (*Job.__table__.c, func.coalesce(Job.body, InboxEvent.body).label("event_body"))
    query = select(*columns).outerjoin(InboxEvent, InboxEvent.seq == Job.event_seq).where(Job.seq == seq)
    return connection.execute(query).first()


def page(connection: Connection, wanted: Filter, *, limit: int, before: int | None = None) -> Page:
    """Return the newest jobs that the filter lets through, without their bodies.

    :param before: only jobs with a smaller number: ``Page.before`` of the page before.
    :returns: with a filter by text fewer than ``limit`` when 5,000 jobs have been read; ``before`` says
        where to go on.
    """
    query = narrowed(connection, wanted, before)
    if wanted.text is None:
        rows = connection.execute(query.order_by(Job.seq.desc()).limit(limit)).all()
        return Page(rows, rows[-1].seq if len(rows) == limit else None)
    numbers = query.with_only_columns(Job.seq).order_by(Job.seq.desc()).limit(SEARCHED).subquery()
    found = connection.execute(_with_text(numbers, wanted.text).limit(limit)).all()
    if len(found) == limit:
        return Page(found, found[-1].seq)
    count, last = connection.execute(select(func.count(), func.min(numbers.c.seq))).one()
    return Page(found, last if count == SEARCHED else None)


def narrowed(connection: Connection, wanted: Filter, before: int | None = None) -> Any:
    """Return the query of the jobs that the filter lets through; not by text, which :func:`page` bounds."""
    query = select(*(column for column in Job.__table__.c if column.name != "body"))
    for column, value in (
        (Job.source, wanted.source),
        (Job.event_type, wanted.event_type),
        (Job.state, wanted.state),
        (Job.dag_id, wanted.dag_id),
        (Job.kind, wanted.kind),
        (Job.run_id, wanted.run_id),
        (Job.event_id, wanted.event_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.correlation is not None:
        same = select(InboxEvent.event_id, InboxEvent.source).where(
            InboxEvent.correlation == wanted.correlation
        )
        query = query.where(tuple_(Job.event_id, Job.source).in_(same))
    if wanted.dags is not None:
        query = query.where(Job.dag_id.in_(wanted.dags))
    if before is not None:
        query = query.where(Job.seq < before)
    # Numbers grow with time: the bounds of the number are found by the index on the time.
    if wanted.since is not None:
        query = query.where(Job.created_at >= wanted.since)
        first = _nearest(connection, Job.created_at < wanted.since - CLOCKS, Job.created_at.desc())
        query = query if first is None else query.where(Job.seq > first)
    if wanted.until is not None:
        query = query.where(Job.created_at < wanted.until)
        last = _nearest(connection, Job.created_at > wanted.until + CLOCKS, Job.created_at)
        query = query if last is None else query.where(Job.seq < last)
    return query


def _nearest(connection: Connection, condition: Any, order: Any) -> int | None:
    return connection.scalar(select(Job.seq).where(condition).order_by(order).limit(1))


def _with_text(numbers: Any, text: str) -> Any:
    places = (func.coalesce(Job.body, InboxEvent.body), Job.event_id, Job.run_id, Job.reason)
    return (
        select(*(column for column in Job.__table__.c if column.name != "body"))
        .join(numbers, numbers.c.seq == Job.seq)
        .outerjoin(InboxEvent, InboxEvent.seq == Job.event_seq)
        .where(or_(*(place.contains(text, autoescape=True) for place in places)))
        .order_by(Job.seq.desc())
    )
