"""CloudEvents 1.0 in their three forms keep their identity, type, subject and time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.protocol.bounds import Bounds
from hookline.protocol.intake import events, take
from hookline.protocol.problem import MALFORMED, Rejected
from tests.unit.protocol.requests import message, source

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/cloudevents.json").read_text(encoding="utf-8"))
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
PUSH = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order.paid"}


@pytest.mark.parametrize("case", VECTORS["taken"], ids=lambda case: case["name"])
def test_a_cloudevent_is_taken(case: dict[str, Any]) -> None:
    taken = events(take(source(), message(case["body"].encode(), case["headers"])))
    assert len(taken) == len(case["events"])
    for event, expected in zip(taken, case["events"], strict=True):
        stored = json.loads(event.body) | {"candidates": list(event.candidates)}
        assert {name: stored.get(name) for name in expected} == expected
        assert (stored["id"], stored["type"]) == (event.event_id, event.event_type)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_a_cloudevent_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as raised:
        take(source(), message(case["body"].encode(), case["headers"]))
    assert (raised.value.problem, case["says"] in raised.value.detail) == (MALFORMED, True)


def stored(event: dict[str, Any], **extra: Any) -> dict[str, Any]:
    [taken] = events(take(source(**extra), message(json.dumps(event).encode(), STRUCTURED)))
    return json.loads(taken.body)


def test_the_sender_s_own_attributes_are_kept_beside_ours() -> None:
    event = stored(PUSH | {"partitionkey": "a", "dataschema": "https://a/b", "apikey": "s3cret"})
    assert event["source"] == "shop"
    assert event["hookline"]["cloudevent"] == PUSH | {"partitionkey": "a", "dataschema": "https://a/b"}
    assert event["datacontenttype"] == "application/json"


def test_equal_ids_of_two_senders_are_two_deliveries() -> None:
    ids = {stored(PUSH | {"source": sender})["id"] for sender in ("/a", "/b")}
    assert len(ids) == 2


def test_a_cloudevent_counts_before_the_locators_and_the_path() -> None:
    event = stored(PUSH | {"data": {"t": "other", "i": "1"}}, event_type="body:t", event_id="body:i")
    assert (event["type"], event["id"]) == ("order.paid", "/shop 7")


def test_bytes_in_a_cloudevent_are_a_file() -> None:
    body = json.dumps(PUSH | {"datacontenttype": "image/png", "data_base64": "iVBORw=="}).encode()
    [taken] = events(take(source(), message(body, STRUCTURED), Bounds(storage="file:///s")))
    event = json.loads(taken.body)
    assert (event["data"], event["hookline"]["files"][0]["content_type"]) == ({}, "image/png")
    assert taken.claims[0].content == b"\x89PNG"
