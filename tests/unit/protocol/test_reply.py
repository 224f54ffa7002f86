"""What a source answers to an event it took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import reply

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/replies.json").read_text(encoding="utf-8"))
TEMPLATE = '{"id": "{event_id}", "seen": {duplicate}, "of": "{source}"}'


def values(event_id: str = "17") -> dict[str, Any]:
    return {"event_id": event_id, "status": "accepted", "duplicate": False, "source": "shop", "type": "paid"}


@pytest.mark.parametrize("case", VECTORS["answers"], ids=lambda case: case["name"])
def test_the_extras_word_the_answer(case: dict[str, Any]) -> None:
    made = reply.parse(case["extra"]).make(202, values(case.get("event_id", "17")))
    assert (made.status, made.content.decode()) == (case["status"], case["body"])
    assert made.headers == case["headers"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_wrong_extras_are_refused_with_what_to_do(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        reply.parse(case["extra"])
    assert case["says"] in str(raised.value)


@given(event_id=st.text(max_size=50), source=st.text(max_size=50))
def test_whatever_a_sender_calls_its_event_json_stays_json(event_id: str, source: str) -> None:
    made = reply.parse({"response_body": TEMPLATE}).make(202, values(event_id) | {"source": source})
    assert json.loads(made.content) == {"id": event_id, "seen": False, "of": source}
