"""Messages as the observer makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hookline.outbox.message import Endpoint, Outgoing

NOW = datetime(2026, 9, 21, tzinfo=UTC)

MESSAGE = Outgoing(
    delivery_id="msg_00000000",
    webhook="orders",
    endpoint=Endpoint(conn_id="crm", path="/hooks"),
    dag_id="shop.order",
    run_id="manual__1",
    task_id="pay",
    map_index=-1,
    try_number=1,
    transition="completed",
    occurred_at=NOW,
    payload={"type": "task.completed", "data": {"order": 7}},
)


def message(number: int = 0, **changes: Any) -> Outgoing:
    """Return the message with this number."""
    return replace(MESSAGE, delivery_id=f"msg_{number:08}", **changes)
