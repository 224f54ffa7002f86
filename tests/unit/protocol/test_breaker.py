"""Whether an endpoint is sent to, as a table of what happened and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hookline.protocol.breaker import Breaker, Rules, after, probing
from hookline.protocol.redelivery import Outcome

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "breaker.json").read_text())
START = datetime(2026, 9, 21, tzinfo=UTC)
RULES = Rules(failures=3, pause=30, longest_pause=300, disable_after=432_000)
LEASE = timedelta(seconds=60)
OUTCOMES = {
    "ok": Outcome(200),
    "fail": Outcome(500, "broken"),
    "gone": Outcome(410, "gone"),
    "final": Outcome(None, "too large", final=True),
}


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_the_breaker(case: dict[str, Any]) -> None:
    breaker, probed = Breaker(), None
    for seconds, what in case["events"]:
        now = START + timedelta(seconds=seconds)
        if what == "probe":
            probed = probing(breaker, now, LEASE)
            breaker = probed or breaker
        else:
            kind, _, asked = what.partition(" ")
            outcome = OUTCOMES.get(kind) or Outcome(429, "too many", float(asked))
            breaker = after(RULES, breaker, outcome, now)

    assert breaker.state == case["state"]
    assert breaker.failures == case.get("failures", breaker.failures)
    assert case.get("reason", "") in (breaker.reason or "")
    if "probe_at" in case:
        assert breaker.probe_at == START + timedelta(seconds=case["probe_at"])
    if "probed" in case:
        assert bool(probed) == case["probed"]
