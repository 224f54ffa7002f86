"""What becomes of a delivery after an attempt, as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.delivery.settings import STANDARD
from hookline.exceptions import ConfigurationError
from hookline.protocol.redelivery import Again, Dead, Outcome, decide, parse_schedule

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "redelivery.json").read_text())


@pytest.mark.parametrize("case", VECTORS["decisions"], ids=lambda case: case["name"])
def test_the_decision(case: dict[str, Any]) -> None:
    delivered = case.get("is") == "Delivered"
    outcome = Outcome(
        case["status"], "" if delivered else "broken", case.get("retry_after"), case.get("final", False)
    )

    decision = decide(STANDARD, outcome, case.get("failures", 0), case.get("chance", 0.5))

    assert type(decision).__name__ == case.get("is", "Again")
    if isinstance(decision, Again):
        assert decision.seconds == pytest.approx(case["seconds"])
    if isinstance(decision, Dead):
        assert case["says"] in decision.reason


def test_the_schedule_is_the_documented_one() -> None:
    assert list(STANDARD) == VECTORS["schedule"]


@given(failures=st.integers(0, 6), chance=st.floats(0, 1))
def test_a_wait_is_a_fifth_longer_or_shorter_at_most(failures: int, chance: float) -> None:
    decision = decide(STANDARD, Outcome(500, "broken"), failures, chance)

    assert isinstance(decision, Again)
    assert 0.8 - 1e-9 <= decision.seconds / STANDARD[failures] <= 1.2 + 1e-9


@pytest.mark.parametrize("case", VECTORS["schedules"], ids=lambda case: case["name"])
def test_a_schedule_is_read(case: dict[str, Any]) -> None:
    assert list(parse_schedule(case["text"], "it")) == case["is"]


@pytest.mark.parametrize("text", [*VECTORS["refused"], ",".join(["1"] * 51)])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="numbers of seconds"):
        parse_schedule(text, "it")
