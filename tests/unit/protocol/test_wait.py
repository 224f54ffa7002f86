"""What a task waits for: what can be asked, and what answers it."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import wait
from hookline.protocol.wait import Wait

NOW = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
FULL = Wait("shop", NOW, "orders.*", "7", "paid", 3, 60.0, shared=False, own_event="1")


def test_it_is_read_as_it_was_written() -> None:
    assert Wait.from_json({"id": "x", **FULL.to_json()}) == FULL


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"source": ""}, "source"),
        ({"correlation": ""}, "correlation"),
        ({"correlation": "None"}, "correlation"),
        ({"correlation": 7}, "correlation"),
        ({"event_type": " "}, "event_type"),
        ({"event_type": "x" * 201}, "200"),
        ({"condition": "a["}, "JMESPath"),
        ({"condition": "a" * 4001}, "4000"),
        ({"count": 0}, "count"),
        ({"count": 1001}, "count"),
        ({"count": True}, "count"),
        ({"within": 0}, "within"),
        ({"within": float("nan")}, "within"),
        ({"since": NOW.replace(tzinfo=None)}, "since"),
        ({"shared": None}, "shared"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Wait(**{"source": "shop", "since": NOW, **changed})


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        (None, "orders.paid", True),
        ("orders.paid", "orders.paid", True),
        ("orders.paid", "orders.paid.late", False),
        ("orders.*", "orders.paid.late", True),
        ("*.paid", "orders.paid", True),
        ("orders.*", "Orders.paid", False),
        ("a?c*", "abc", False),
        ("a?c*", "a?c", True),
        ("[ab]*", "a", False),
        ("[ab]*", "[ab]c", True),
    ],
)
def test_a_type_fits_a_pattern(pattern: str | None, event_type: str, expected: bool) -> None:
    assert wait.fits(pattern, event_type) is expected


@given(st.text("ab.*", max_size=12), st.text("ab.", max_size=12))
def test_a_star_is_any_text(pattern: str, event_type: str) -> None:
    assert wait.fits(pattern, event_type) == fnmatchcase(event_type, pattern)


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not wait.fits("*a" * 100, "a" * 99 + "b" * 101)


@pytest.mark.parametrize(
    ("condition", "data", "expected"),
    [
        (None, None, True),
        ("paid", {"paid": True}, True),
        ("paid", {"paid": False}, False),
        ("amount", {"amount": 0}, True),
        ("lines", {"lines": []}, False),
        ("missing", {}, False),
        ("length(x)", {"x": 1}, False),
    ],
)
def test_a_condition_is_true(condition: str | None, data: Any, expected: bool) -> None:
    assert wait.is_true(condition, data) is expected


@given(st.text(string.printable + "\0\ud800é☃", min_size=1, max_size=300))
def test_a_key_fits_its_column(text: str) -> None:
    key = wait.key(text)
    assert len(key) <= wait.MAX_KEY
    assert key.encode()
    assert "\0" not in key
    assert wait.key(text) == key


@pytest.mark.parametrize(
    ("minutes", "count", "within", "expected"),
    [
        ([], 1, None, None),
        ([1, 2], 3, None, None),
        ([3, 1, 2], 2, None, [1, 2]),
        ([0, 10, 20, 21], 2, 60.0, [2, 3]),
        ([0, 10, 20], 2, 60.0, None),
        ([0, 1], 2, 60.0, [0, 1]),
    ],
)
def test_events_that_lie_together(
    minutes: list[int], count: int, within: float | None, expected: list[int] | None
) -> None:
    assert wait.chosen([NOW + timedelta(minutes=minute) for minute in minutes], count, within) == expected
