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
from tests.unit.protocol.webhooks import Webhook, load

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


BINARY = {"ce-specversion": "1.0", "ce-id": "forged", "ce-source": "/x", "ce-type": "payout.paid"}
TOKENS = {"gitlab_token", "kinetic"}
"""Vendors that show a secret and sign nothing."""


@pytest.mark.parametrize(
    "webhook",
    [webhook for webhook in load() if "event" in webhook.case and webhook.vendor not in TOKENS],
    ids=str,
)
def test_headers_make_no_cloudevent_of_a_signed_request(webhook: Webhook) -> None:
    source = webhook.source()
    headers = [*webhook.case["headers"].items(), *BINARY.items()]
    for event in events(take(source, webhook.message(headers=headers))):
        assert (event.event_type, event.event_id) != ("payout.paid", "/x forged")
        body = json.loads(event.body)
        assert body["hookline"]["headers"]["ce-type"] == "payout.paid"
        assert "cloudevent" not in body["hookline"]


@pytest.mark.parametrize(
    "extra",
    [
        {"auth_type": "none"},
        {"auth_type": "basic", "login": "user"},
        {"auth_type": "bearer"},
        {"auth_type": "api_key"},
        {"auth_type": "jwt"},
    ],
    ids=lambda extra: extra["auth_type"],
)
def test_headers_make_a_cloudevent_where_the_proof_is_the_sender_s(extra: dict[str, Any]) -> None:
    shop = source(password="a secret of thirty-two characters", **extra)
    [taken] = events(take(shop, message(headers={**BINARY, **shop.verifier.sign(message())})))
    assert (taken.event_type, taken.event_id) == ("payout.paid", "/x forged")


def test_a_signed_request_s_headers_count_where_the_source_says_so() -> None:
    shop = source(password="s", auth_type="hmac", event_type="header:ce-type", event_id="header:ce-id")
    [taken] = events(take(shop, message(headers={**BINARY, **shop.verifier.sign(message())})))
    assert (taken.event_type, taken.event_id) == ("payout.paid", "forged")
