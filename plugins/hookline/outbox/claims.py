"""Taking deliveries to send, by endpoint: what waits for one endpoint is never in the way of another.

A delivery that is taken is due again when its lease ends, so that a process that dies loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, union_all, update

from hookline.outbox.models import HELD, PENDING, Delivery, EndpointState
from hookline.protocol import breaker, rate

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_ENDPOINTS = 100
"""Of one claim: one statement has a part for each."""
MOST_HELD = 500
_WITHOUT_PAYLOAD = [column for column in Delivery.__table__.c if column.name != "payload"]


def due_endpoints(connection: Connection, now: datetime) -> list[Any]:
    """Return the endpoints for which something is due, as rows."""
    return list(connection.execute(due(now)).all())


def due(now: datetime) -> Any:
    """Return the query of the endpoints for which something is due: one index seek each."""
    pending = Delivery.state == PENDING
    first = select(func.min(Delivery.endpoint).label("key")).where(pending).cte("waiting", recursive=True)
    following = (
        select(func.min(Delivery.endpoint)).where(pending, Delivery.endpoint > first.c.key).scalar_subquery()
    )
    waiting = first.union_all(select(following).where(first.c.key.is_not(None)))
    ready = select(Delivery.seq).where(
        pending, Delivery.endpoint == EndpointState.key, Delivery.due_at <= bindparam("now", now)
    )
    return (
        select(EndpointState.__table__)
        .join(waiting, waiting.c.key == EndpointState.key)
        .where(ready.exists())
    )


def claim(
    connection: Connection,
    wanted: Mapping[str, int],
    ordered: frozenset[str],
    now: datetime,
    *,
    lease: timedelta,
    most_bytes: int,
) -> list[Any]:
    """Take the deliveries that have been due longest, and return them as rows.

    :param wanted: how many of each endpoint at most.
    :param ordered: those of which only the first that is pending may be taken.
    :param most_bytes: of a payload; one that is longer is cut to one more.
    """
    keys = list(wanted)[:MOST_ENDPOINTS]
    if not keys:
        return []
    parts = [_first(key, now) if key in ordered else _oldest(key, wanted[key], now) for key in keys]
    chosen = union_all(*(select(part.subquery().c.seq) for part in parts)).subquery()
    numbers = [seq for (seq,) in connection.execute(select(chosen.c.seq))]
    if not numbers:
        return []
    statement = (
        update(Delivery)
        .where(Delivery.seq.in_(numbers), Delivery.state == PENDING, Delivery.due_at <= now)
        .values(due_at=now + lease)
        .returning(*_WITHOUT_PAYLOAD, func.substr(Delivery.payload, 1, most_bytes + 1).label("payload"))
    )
    return sorted(connection.execute(statement).all(), key=lambda row: int(row.seq))


def _oldest(key: str, most: int, now: datetime) -> Any:
    return (
        select(Delivery.seq)
        .where(Delivery.state == PENDING, Delivery.endpoint == key, Delivery.due_at <= now)
        .order_by(Delivery.due_at, Delivery.seq)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def _first(key: str, now: datetime) -> Any:
    head = (
        select(func.min(Delivery.seq))
        .where(Delivery.state == PENDING, Delivery.endpoint == key)
        .scalar_subquery()
    )
    return (
        select(Delivery.seq)
        .where(Delivery.seq == head, Delivery.state == PENDING, Delivery.due_at <= now)
        .with_for_update(skip_locked=True)
    )


def probe(connection: Connection, key: str, now: datetime, lease: timedelta) -> bool:
    """Begin to probe an endpoint whose breaker is open; False if it is not time, or another process does."""
    row = _locked(connection, key)
    if row is None:
        return False
    began = breaker.probing(state_of(row), now, lease)
    if began is not None:
        write(connection, key, began, now)
    return began is not None


def turns(connection: Connection, key: str, limit: rate.Rate, most: int, now: datetime) -> tuple[int, float]:
    """Take turns under the rate that all processes share.

    :returns: how many of ``most`` there are now, and the seconds until the next if there are none; none while
        another process takes some.
    """
    row = _locked(connection, key)
    if row is None:
        return 0, 0.0
    full_at, taken, wait = float(row.full_at), 0, 0.0
    while taken < most:
        following, wait = rate.take(full_at, now.timestamp(), limit)
        if wait > 0:
            break
        full_at, taken = following, taken + 1
    if taken:
        connection.execute(update(EndpointState).where(EndpointState.key == key).values(full_at=full_at))
    return taken, wait


def hold(connection: Connection, key: str, reason: str | None, now: datetime) -> int:
    """Put deliveries aside that are due for a disabled endpoint."""
    chosen = [
        seq
        for (seq,) in connection.execute(
            select(Delivery.seq)
            .where(Delivery.state == PENDING, Delivery.endpoint == key, Delivery.due_at <= now)
            .order_by(Delivery.due_at, Delivery.seq)
            .limit(MOST_HELD)
            .with_for_update(skip_locked=True)
        )
    ]
    if chosen:
        connection.execute(
            update(Delivery)
            .where(Delivery.seq.in_(chosen))
            .values(state=HELD, reason=f"its endpoint is disabled: {reason}")
        )
    return len(chosen)


def give_back(connection: Connection, numbers: Sequence[int], lease: datetime, now: datetime) -> None:
    """Let others take deliveries whose sending has not begun.

    :param lease: the end of the lease that they were taken with.
    """
    connection.execute(
        update(Delivery)
        .where(Delivery.seq.in_(list(numbers)), Delivery.state == PENDING, Delivery.due_at == lease)
        .values(due_at=now)
    )


def state_of(row: Any) -> breaker.Breaker:
    """Return the breaker of a row."""
    return breaker.Breaker(row.state, row.reason, row.failures, row.failing_since, row.openings, row.probe_at)


def write(connection: Connection, key: str, state: breaker.Breaker, now: datetime) -> None:
    """Store the breaker of an endpoint."""
    connection.execute(
        update(EndpointState)
        .where(EndpointState.key == key)
        .values(
            state=state.state,
            reason=state.reason,
            failures=state.failures,
            failing_since=state.failing_since,
            openings=state.openings,
            probe_at=state.probe_at,
            changed_at=now,
        )
    )


def _locked(connection: Connection, key: str) -> Any | None:
    # Whoever takes deliveries waits for no lock, so that there is no deadlock with those who record.
    query = select(EndpointState.__table__).where(EndpointState.key == key)
    return connection.execute(query.with_for_update(skip_locked=True)).first()
