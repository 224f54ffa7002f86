"""What waits, and for how long: looked at for metrics, bounded, by the indexes of the states."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.observability import stats
from airflow.sdk import timezone
from sqlalchemy import func, select

from hookline.database import autocommit
from hookline.inbox import models as inbox
from hookline.inbox.models import InboxEvent
from hookline.outbox import models as outbox
from hookline.outbox.models import Delivery, EndpointState
from hookline.protocol import breaker

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 100_000
SECONDS = 15.0
BREAKER = (breaker.OPEN, breaker.HALF_OPEN, breaker.DISABLED)


def look(connection: Connection, now: datetime) -> dict[str, float]:
    """Return the gauges of ``docs/reference/metrics.md`` by name."""
    endpoints = select(EndpointState.state, func.count()).group_by(EndpointState.state)
    states = dict(list(connection.execute(endpoints)))
    return {
        "hookline.events.pending": _count(connection, InboxEvent, inbox.PENDING),
        "hookline.events.held": _count(connection, InboxEvent, inbox.HELD),
        "hookline.events.oldest_pending_seconds": _age(
            connection, InboxEvent, InboxEvent.received_at, inbox.PENDING, now
        ),
        "hookline.deliveries.pending": _count(connection, Delivery, outbox.PENDING),
        "hookline.deliveries.dead": _count(connection, Delivery, outbox.DEAD),
        "hookline.deliveries.oldest_pending_seconds": _age(
            connection, Delivery, Delivery.added_at, outbox.PENDING, now
        ),
        **{f"hookline.endpoints.{state}": states.get(state, 0) for state in BREAKER},
    }


def report() -> int:
    """Report the gauges; blocking. Returns 0: there is nothing more to do before the next look."""
    with autocommit() as connection:
        values = look(connection, timezone.utcnow())
    for name, value in values.items():
        stats.gauge(name, value)
    return 0


def _count(connection: Connection, model: Any, state: str) -> int:
    some = select(model.seq).where(model.state == state).limit(MOST).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _age(connection: Connection, model: Any, at: Any, state: str, now: datetime) -> float:
    oldest = connection.scalar(select(at).where(model.state == state).order_by(model.seq).limit(1))
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
