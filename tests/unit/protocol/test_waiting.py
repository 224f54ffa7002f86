"""How long to wait: what the other side asks for, what failed together, and turns under a rate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import backoff, rate, retry_after

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES = json.loads((Path(__file__).parents[2] / "vectors/retry_after.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_retry_after(case: dict[str, Any]) -> None:
    assert retry_after.parse(case["value"], NOON) == case["wait"]


@given(st.text())
def test_no_header_breaks_it(value: str) -> None:
    wait = retry_after.parse(value, NOON)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(("attempt", "longest"), [(1, 2.0), (2, 4.0), (3, 8.0), (6, 60.0), (1_000_000, 60.0)])
def test_backoff_doubles_up_to_its_cap(attempt: int, longest: float) -> None:
    assert backoff.delay(attempt, 2.0, 60.0, 1.0) == longest
    assert backoff.delay(attempt, 2.0, 60.0, 0.0) == 0.0
    assert backoff.delay(attempt, 2.0, 60.0, 0.5) == longest / 2


@pytest.mark.parametrize(
    ("text", "turns", "seconds", "written"),
    [
        ("10/second", 10, 1, "10/second"),
        ("100/minute", 100, 60, "100/minute"),
        ("100 per minute", 100, 60, "100/minute"),
        ("1000/hours", 1000, 3600, "1000/hour"),
        (" 5 / day ", 5, 86_400, "5/day"),
    ],
)
def test_rates(text: str, turns: int, seconds: int, written: str) -> None:
    read = rate.parse(text)
    assert (read.turns, read.seconds, str(read)) == (turns, seconds, written)


@pytest.mark.parametrize("text", ["", "fast", "0/second", "-1/second", "1/week", "1.5/second", None, 3])
def test_what_is_no_rate_says_how_to_write_one(text: Any) -> None:
    with pytest.raises(ConfigurationError, match="write 10/second"):
        rate.parse(text)


def turns(limit: rate.Rate, times: list[float]) -> list[float]:
    """Return when each of those who ask at ``times`` has its turn."""
    state, taken = 0.0, []
    for now in times:
        state, wait = rate.take(state, now, limit)
        taken.append(now + wait)
    return taken


def test_a_burst_goes_at_once_and_the_rest_in_step() -> None:
    assert turns(rate.Rate(2, 10), [100.0] * 5) == [100.0, 100.0, 105.0, 110.0, 115.0]


def test_a_bucket_fills_while_nobody_asks() -> None:
    assert turns(rate.Rate(2, 10), [100.0, 100.0, 200.0, 200.0]) == [100.0, 100.0, 200.0, 200.0]


@given(
    st.integers(1, 20),
    st.integers(1, 60),
    st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=60),
)
def test_no_interval_has_more_turns_than_the_rate_allows_twice(
    count: int, seconds: int, pauses: list[float]
) -> None:
    times = [1000.0]
    for pause in pauses:
        times.append(times[-1] + pause)
    taken = turns(rate.Rate(count, seconds), times)
    for start in taken:
        assert sum(start <= turn < start + seconds - 1e-6 for turn in taken) <= 2 * count


def test_a_clock_that_goes_back_locks_nobody_out() -> None:
    limit = rate.Rate(1, 1)
    state, _ = rate.take(0.0, 1_000_000.0, limit)
    _, wait = rate.take(state, 10.0, limit)
    assert wait == 0.0
