"""Events in the inbox, as they are after a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from hookline.database import engine
from hookline.inbox.models import InboxEvent

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
CANDIDATES = ["shop.order.paid", "shop"]


def store(*changes: dict[str, Any]) -> None:
    """Put events into the inbox, a second after one another."""
    rows = [
        {
            "source": "shop",
            "event_id": f"e{index}",
            "event_type": "order.paid",
            "candidates": '["shop.order.paid", "shop"]',
            "run_paused": False,
            "received_at": NOON + timedelta(seconds=index),
            "due_at": NOON,
            "body": f'{{"id": "e{index}", "data": {{"n": {index}.50, "word": "gr\\u00fcn"}}}}',
            "state": "held",
            "attempts": 0,
            "dag_id": None,
            "run_id": None,
            "reason": None,
        }
        | change
        for index, change in enumerate(changes)
    ]
    with engine().begin() as connection:
        connection.execute(insert(InboxEvent), rows)
