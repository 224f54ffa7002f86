"""Which events are remembered by what was signed."""

from __future__ import annotations

from typing import Any

import pytest

from hookline.protocol.intake import Accepted, take
from hookline.protocol.replay import Replay
from tests.unit.protocol.requests import message, source

SECRET = "s3cret"
BODY = b'{"id": "1", "rows": [{"n": 1}, {"n": 2}]}'


def taken(delivery: str = "d1", **extra: Any) -> Any:
    shop = source("shop", password=SECRET, **{"auth_type": "hmac", "event_id": "header:X-Id", **extra})
    headers = {"X-Id": delivery}
    return take(shop, message(BODY, {**headers, **shop.verifier.sign(message(BODY, headers))}))


def replay(delivery: str = "d1", **extra: Any) -> Replay | None:
    event = taken(delivery, **extra)
    assert isinstance(event, Accepted)
    return event.replay


def test_the_key_does_not_depend_on_what_is_not_signed() -> None:
    assert replay("d1") == replay("d2")
    assert replay() is not None


def test_the_window_is_the_connection_s() -> None:
    assert getattr(replay(), "seconds", None) == 300
    assert getattr(replay(replay_window=60), "seconds", None) == 60


@pytest.mark.parametrize(
    "extra",
    [
        {"replay_window": 0},
        {"event_id": "body:id"},
        {"signed_content": "{timestamp}.{body}", "timestamp_header": "X-Time"},
        {"signed_content": "{id}.{body}"},
        {"auth_type": "api_key"},
    ],
    ids=["switched off", "id in the body", "time is signed", "id is signed", "nothing is signed"],
)
def test_where_it_would_gain_nothing_it_is_not_remembered(extra: dict[str, Any]) -> None:
    assert replay(**extra) is None


def test_the_events_of_a_batch_are_told_apart() -> None:
    first, second = taken(batch="rows")
    again, _ = taken("d2", batch="rows")
    assert first.replay != second.replay
    assert first.replay == again.replay
