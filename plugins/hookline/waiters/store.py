"""Reading and writing waiters; every function works inside the caller's transaction.

Rows are locked in one order, events before waiters before task instances, each by number: two replicas that
have to do with the same rows wait for each other and never in a circle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from hookline.inbox.models import QUARANTINED, InboxEvent
from hookline.waiters.models import ANY, Collected, Waiter

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

PAGE = 200
CLOCKS = timedelta(hours=1)
"""How far the clocks of replicas may differ before a collected event is dropped too early."""


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert waiters, leaving out those that are known.

    :param rows: columns of :class:`~hookline.waiters.models.Waiter` without ``seq``.
    :returns: how many are new.
    """
    if not rows:
        return 0
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Waiter).on_conflict_do_nothing(index_elements=["wait_id"])
    return len(session.execute(statement.returning(Waiter.seq), list(rows)).all())


def of_events(session: Session, events: Collection[InboxEvent]) -> Sequence[Waiter]:
    """Return the waiters that may want one of the events, by source and correlation; nothing is locked."""
    keys = {(event.source, ANY) for event in events}
    keys |= {(event.source, event.correlation) for event in events if event.correlation is not None}
    query = select(Waiter).where(tuple_(Waiter.source, Waiter.correlation).in_(keys)).order_by(Waiter.seq)
    return session.scalars(query).all()


def unready(session: Session, limit: int) -> Sequence[Waiter]:
    """Return waiters for which nobody has gone through the stored events; nothing is locked."""
    return session.scalars(select(Waiter).where(~Waiter.ready).order_by(Waiter.seq).limit(limit)).all()


def with_stored(session: Session, waiters: Collection[Waiter]) -> set[int]:
    """Return the numbers of those for which there may be a stored event, by one query for all."""
    found = {waiter.seq for waiter in waiters if waiter.correlation == ANY}
    asked = [waiter.seq for waiter in waiters if waiter.correlation != ANY]
    if asked:
        event = exists().where(
            InboxEvent.source == Waiter.source,
            InboxEvent.correlation == Waiter.correlation,
            InboxEvent.received_at >= Waiter.since,
        )
        found.update(session.scalars(select(Waiter.seq).where(Waiter.seq.in_(asked), event)))
    return found


def make_ready(session: Session, numbers: Collection[int]) -> None:
    """Say of waiters, locked by the caller, that their stored events have been gone through."""
    if numbers:
        session.execute(
            update(Waiter).where(Waiter.seq.in_(numbers)).values(ready=True),
            execution_options={"synchronize_session": False},
        )


def lock(session: Session, numbers: Collection[int]) -> Sequence[Waiter]:
    """Lock and return those of the waiters that are still there, oldest first."""
    if not numbers:
        return []
    query = select(Waiter).where(Waiter.seq.in_(numbers)).order_by(Waiter.seq).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def stored(session: Session, waiter: Waiter, *, taken_by: str | None = None) -> Iterator[Any]:
    """Yield the stored events that may be the waiter's, oldest first.

    Not those that were quarantined before anybody tried to hand them on.

    :param taken_by: only those that went to this task, see :func:`name_of`.
    """
    table = InboxEvent
    query = select(
        table.seq, table.event_id, table.event_type, table.body, table.received_at, table.taken_by
    ).where(
        InboxEvent.source == waiter.source,
        InboxEvent.received_at >= waiter.since,
        or_(InboxEvent.state != QUARANTINED, InboxEvent.attempts > 0),
    )
    if taken_by is not None:
        query = query.where(InboxEvent.taken_by == taken_by)
    if waiter.correlation != ANY:
        query = query.where(InboxEvent.correlation == waiter.correlation)
    if waiter.event_type is not None and "*" not in waiter.event_type:
        query = query.where(InboxEvent.event_type == waiter.event_type)
    last: tuple[datetime, int] | None = None
    while True:
        page = query
        if last is not None:
            place = tuple_(InboxEvent.received_at, InboxEvent.seq)
            page = query.where(and_(InboxEvent.received_at >= last[0], place > last))
        rows = session.execute(page.order_by(InboxEvent.received_at, InboxEvent.seq).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = (rows[-1].received_at, rows[-1].seq)


def lock_events(session: Session, numbers: Collection[int]) -> dict[int, InboxEvent]:
    """Lock and return events, waiting for a dispatcher that has them."""
    if not numbers:
        return {}
    query = select(InboxEvent).where(InboxEvent.seq.in_(numbers)).order_by(InboxEvent.seq).with_for_update()
    rows = session.scalars(query, execution_options={"populate_existing": True})
    return {event.seq: event for event in rows}


def name_of(waiter: Waiter) -> str:
    """Return what stands for a task in ``InboxEvent.taken_by``: the same for all its tries."""
    key = [waiter.dag_id, waiter.run_id, waiter.task_id, waiter.map_index]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()


def collect(session: Session, waiter: Waiter, event: InboxEvent) -> list[Any]:
    """Keep an event for a waiter of several; return what it has: ``event_seq``, ``received_at``."""
    if waiter.within is not None:
        oldest = event.received_at - timedelta(seconds=waiter.within) - CLOCKS
        session.execute(
            delete(Collected).where(Collected.waiter_seq == waiter.seq, Collected.received_at < oldest)
        )
    known = session.get(Collected, (waiter.seq, event.seq))
    if known is None:
        session.add(
            Collected(
                waiter_seq=waiter.seq, event_seq=event.seq, received_at=event.received_at, body=event.body
            )
        )
        session.flush()
    query = select(Collected.event_seq, Collected.received_at).where(Collected.waiter_seq == waiter.seq)
    return list(session.execute(query.order_by(Collected.received_at, Collected.event_seq)))


def bodies(session: Session, waiter: Waiter, numbers: Sequence[int]) -> list[str]:
    """Return the collected events' bodies in the order of ``numbers``."""
    query = select(Collected.event_seq, Collected.body).where(
        Collected.waiter_seq == waiter.seq, Collected.event_seq.in_(numbers)
    )
    found = {row.event_seq: row.body for row in session.execute(query)}
    return [found[number] for number in numbers]


def forget(session: Session, numbers: Collection[int]) -> None:
    """Delete waiters and what they collected."""
    if numbers:
        session.execute(delete(Collected).where(Collected.waiter_seq.in_(numbers)))
        session.execute(delete(Waiter).where(Waiter.seq.in_(numbers)))


def after(session: Session, seq: int, limit: int) -> Sequence[Any]:
    """Return the next waiters by number: ``seq``, ``wait_id``, ``instance_id``."""
    columns = (Waiter.seq, Waiter.wait_id, Waiter.instance_id)
    return session.execute(select(*columns).where(Waiter.seq > seq).order_by(Waiter.seq).limit(limit)).all()


def known(session: Session, wait_ids: Collection[str]) -> set[str]:
    """Return those of the ids that belong to waiters."""
    return (
        set(session.scalars(select(Waiter.wait_id).where(Waiter.wait_id.in_(wait_ids))))
        if wait_ids
        else set()
    )


def counts(connection: Connection) -> int:
    """Return how many tasks wait."""
    from sqlalchemy import func

    return int(connection.scalar(select(func.count()).select_from(Waiter)) or 0)
