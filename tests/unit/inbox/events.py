"""Accepted events for the tests of this room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from hookline.database import async_engine, engine
from hookline.inbox import group_commit
from hookline.inbox.models import InboxEvent
from hookline.protocol.intake import Accepted

ARRIVAL = datetime(2026, 9, 21, 14, 13, 20, 123456, tzinfo=UTC)


def accepted(event_id: str = "1", **changed: Any) -> Accepted:
    fields: dict[str, Any] = {
        "source": "shop",
        "event_id": event_id,
        "event_type": "orders.paid",
        "candidates": ("shop.orders.paid", "shop"),
        "received_at": ARRIVAL,
        "body": '{"data": {"é": "☃"}}',
    }
    return Accepted(**{**fields, **changed})


def write(events: list[Accepted]) -> list[Any]:
    """Store a batch; return for each event what the inbox says of it."""

    async def main() -> list[Any]:
        made = async_engine()
        try:
            results = await group_commit.write(made, [(event,) for event in events])
            return [result[0].new if isinstance(result, tuple) else result for result in results]
        finally:
            await made.dispose()

    return asyncio.run(main())


def stored() -> list[str]:
    """Return the ids of the events in the inbox, in the order they were stored."""
    with engine().connect() as connection:
        return list(connection.scalars(select(InboxEvent.event_id).order_by(InboxEvent.seq)))
