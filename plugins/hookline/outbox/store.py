"""Adding deliveries, replaying and cancelling them; each function works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from hookline.outbox.models import CANCELLED, DEAD, DELIVERED, HELD, PENDING, Delivery, EndpointState
from hookline.protocol.breaker import CLOSED, DISABLED

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from hookline.outbox.message import Endpoint, Outgoing

MAX_ROWS = 500
"""In one statement: a row is 22 parameters, and a driver takes 32,767."""
NOWHERE = "(not made)"
"""The endpoint, and the target, of a message that could not be made."""
NOT_MADE = ""
REPLAYABLE = (DEAD, DELIVERED, HELD, CANCELLED)


def add(
    session: Session | Connection, messages: Sequence[Outgoing], endpoints_known: Collection[str] = ()
) -> int:
    """Insert messages, due at once, by one statement for each 500; known delivery ids are left out.

    Those that could not be made are dead from the beginning.

    :param endpoints_known: keys of endpoints that were added before.

    :returns: how many are new.
    """
    now = datetime.now(UTC)
    endpoints = {message.endpoint.key: message.endpoint for message in messages if message.endpoint}
    new = sorted(endpoints.keys() - set(endpoints_known))
    unique = {message.delivery_id: message for message in messages}
    _insert(session, EndpointState.key, [_endpoint(key, endpoints[key], now) for key in new])
    return _insert(session, Delivery.delivery_id, [_row(message, now) for message in unique.values()])


def _insert(session: Session | Connection, unique: Any, rows: list[dict[str, Any]]) -> int:
    dialect = session.get_bind().dialect if hasattr(session, "get_bind") else session.dialect
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    count = 0
    for first in range(0, len(rows), MAX_ROWS):
        statement = insert(unique.class_).values(rows[first : first + MAX_ROWS])
        result: Any = session.execute(statement.on_conflict_do_nothing(index_elements=[unique]))
        count += int(result.rowcount)
    return count


def _endpoint(key: str, endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    return {
        "key": key,
        "conn_id": endpoint.conn_id,
        "ordered": endpoint.ordered,
        "state": CLOSED,
        "changed_at": now,
        "failures": 0,
        "openings": 0,
        "full_at": 0.0,
    }


def _row(message: Outgoing, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": message.delivery_id,
        "webhook": message.webhook,
        "endpoint": message.endpoint.key if message.endpoint else NOWHERE,
        "target": _text(message.endpoint.as_json()) if message.endpoint else NOT_MADE,
        "dag_id": message.dag_id,
        "run_id": message.run_id,
        "task_id": message.task_id,
        "map_index": message.map_index,
        "try_number": message.try_number,
        "transition": message.transition,
        "occurred_at": message.occurred_at,
        "added_at": now,
        "payload": _text(message.payload),
        "state": DEAD if message.problem else PENDING,
        "due_at": now,
        "attempts": 0,
        "failures": 0,
        "reason": message.problem or None,
        "ended_at": now if message.problem else None,
    }


def _text(value: Mapping[str, Any]) -> str:
    # ASCII, so that no character can be one that a database refuses.
    compact = partial(json.dumps, separators=(",", ":"), allow_nan=False)
    try:
        return compact(value)
    except ValueError:  # NaN and infinity, which JSON does not have (RFC 8259 section 6)
        return compact(json.loads(json.dumps(value), parse_constant=lambda _: None))


def replay(session: Session | Connection, numbers: Iterable[int], now: datetime) -> int:
    """Send deliveries again, by ``seq``, from the beginning of the schedule.

    Those that are pending stay, and so do those that could not be made (see :mod:`hookline.observe.again`).

    :returns: how many.
    """
    values = {"state": PENDING, "due_at": now, "failures": 0, "reason": None, "ended_at": None}
    return _update(session, numbers, REPLAYABLE, values, Delivery.target != NOT_MADE)


def not_made(session: Session | Connection, numbers: Iterable[int]) -> list[Any]:
    """Return, as rows, those of the deliveries that could not be made, and lock them."""
    query = select(Delivery.__table__).where(Delivery.seq.in_(list(numbers)), Delivery.target == NOT_MADE)
    return list(session.execute(query.order_by(Delivery.seq).with_for_update()).all())


def make(session: Session | Connection, seq: int, message: tuple[Endpoint, Any], now: datetime) -> None:
    """Give a delivery that could not be made what is sent, and where."""
    endpoint, payload = message
    _insert(session, EndpointState.key, [_endpoint(endpoint.key, endpoint, now)])
    target, body = _text(endpoint.as_json()), _text(payload)
    statement = update(Delivery).where(Delivery.seq == seq)
    session.execute(statement.values(endpoint=endpoint.key, target=target, payload=body))


def still_not_made(session: Session | Connection, seq: int, reason: str) -> None:
    """Keep why a delivery could not be made this time."""
    session.execute(update(Delivery).where(Delivery.seq == seq).values(reason=reason))


def cancel(session: Session | Connection, numbers: Iterable[int], now: datetime) -> int:
    """Take deliveries back, by ``seq``; a request that is under way is not stopped.

    :returns: how many.
    """
    return _update(session, numbers, (PENDING, HELD), {"state": CANCELLED, "ended_at": now})


def _update(
    session: Session | Connection,
    numbers: Iterable[int],
    states: Sequence[str],
    values: Mapping[str, Any],
    *conditions: Any,
) -> int:
    chosen = (
        select(Delivery.seq)
        .where(Delivery.seq.in_(list(numbers)), Delivery.state.in_(states), *conditions)
        .order_by(Delivery.seq)
        .with_for_update()
    )
    found = [seq for (seq,) in session.execute(chosen)]
    if found:
        statement = update(Delivery).where(Delivery.seq.in_(found)).values(values)
        session.execute(statement.execution_options(synchronize_session=False))
    return len(found)


def enable(session: Session | Connection, key: str, now: datetime) -> int | None:
    """Send to an endpoint again, also what was held for it meanwhile.

    :returns: how many deliveries were held; None if there is no such endpoint.
    """
    if not _set_state(session, key, CLOSED, None, now):
        return None
    statement = (
        update(Delivery)
        .where(Delivery.state == HELD, Delivery.endpoint == key)
        .values(state=PENDING, due_at=now, failures=0, reason=None)
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(statement)
    return int(result.rowcount)


def disable(session: Session | Connection, key: str, reason: str, now: datetime) -> bool:
    """Send nothing to an endpoint until it is enabled; False if there is no such endpoint."""
    return _set_state(session, key, DISABLED, reason, now)


def _set_state(
    session: Session | Connection, key: str, state: str, reason: str | None, now: datetime
) -> bool:
    statement = (
        update(EndpointState)
        .where(EndpointState.key == key)
        .values(
            state=state,
            reason=reason,
            changed_at=now,
            failures=0,
            failing_since=None,
            openings=0,
            probe_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(statement)
    return bool(result.rowcount)
