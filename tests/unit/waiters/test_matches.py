"""Which events a waiter waits for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hookline.inbox.models import InboxEvent
from hookline.waiters.matches import Matches
from hookline.waiters.models import ANY, Waiter
from tests.unit.inbox.events import ARRIVAL

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "same correlation": ({}, {}, True),
    "another correlation": ({}, {"correlation": "8"}, False),
    "no correlation": ({}, {"correlation": None}, False),
    "any correlation": ({"correlation": ANY}, {"correlation": "8"}, True),
    "another source": ({"source": "till"}, {}, False),
    "exact type": ({"event_type": "orders.paid"}, {}, True),
    "another type": ({"event_type": "orders.sent"}, {}, False),
    "pattern": ({"event_type": "orders.*"}, {}, True),
    "pattern that does not fit": ({"event_type": "*.sent"}, {}, False),
    "condition that is true": ({"condition": "amount > `5`"}, {"data": {"amount": 7}}, True),
    "condition that is false": ({"condition": "amount > `5`"}, {"data": {"amount": 3}}, False),
    "condition about nothing": ({"condition": "amount > `5`"}, {"data": []}, False),
    "received before": ({"since": ARRIVAL + timedelta(seconds=1)}, {}, False),
    "received just then": ({"since": ARRIVAL}, {}, True),
    "the run's own event": ({"own_event": "1"}, {}, False),
}


@pytest.mark.parametrize("name", CASES)
def test_what_matches(name: str) -> None:
    asked, sent, expected = CASES[name]
    wait = {"source": "shop", "correlation": "7", "since": ARRIVAL - timedelta(hours=1), **asked}
    event = {"source": "shop", "correlation": "7", "event_type": "orders.paid", **sent}
    body = json.dumps({"data": event.pop("data", None)})
    waiter = Waiter(**wait)
    arrived = InboxEvent(seq=1, event_id="1", received_at=ARRIVAL, body=body, **event)
    matches = Matches()
    assert (matches.same_key(waiter, arrived) and matches.wanted(waiter, arrived)) is expected
