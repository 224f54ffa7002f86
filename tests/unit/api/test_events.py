"""Events in the management API: filters, pages, details, and who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.conftest import As
from tests.unit.api.inbox import NOON, store
from tests.unit.dispatch import event_dags


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["event_id"] for item in answer.json()["items"]]


FILTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["e4", "e3", "e2", "e1", "e0"]),
    "a source": ({"source": "git"}, ["e1"]),
    "a type": ({"event_type": "order.sent"}, ["e2"]),
    "a state": ({"state": "quarantined"}, ["e3"]),
    "an id": ({"event_id": "e4"}, ["e4"]),
    "since": ({"since": "2026-09-21T12:00:03Z"}, ["e4", "e3"]),
    "until": ({"until": "2026-09-21T14:00:01+02:00"}, ["e0"]),
    "text": ({"text": "RUSH"}, ["e0"]),
    "text that JSON escapes": ({"text": "grün"}, ["e4", "e3", "e2", "e1"]),
    "two that exclude each other": ({"source": "git", "state": "quarantined"}, []),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters(call: As, query: dict[str, Any], expected: list[str]) -> None:
    store(
        {"body": '{"data": "a rush order"}'},
        {"source": "git"},
        {"event_type": "order.sent"},
        {"state": "quarantined"},
        {},
    )
    assert ids(call("op").get("/events", params=query)) == expected


@pytest.mark.parametrize("text", [None, "grün"], ids=["plain", "with a search"])
def test_pages_hold_every_event_once(call: As, text: str | None) -> None:
    store(*({"received_at": NOON} for _ in range(7)))
    client, cursor, seen = call("op"), None, []
    while True:
        params = {"limit": 3, "cursor": cursor, "text": text}
        answer = client.get("/events", params={k: v for k, v in params.items() if v is not None})
        seen += ids(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"e{index}" for index in reversed(range(7))]


def test_a_detail_has_the_data_as_the_sender_wrote_it(call: As) -> None:
    store({})
    number = call("op").get("/events").json()["items"][0]["number"]

    answer = call("op").get(f"/events/{number}")

    assert answer.status_code == 200
    assert '"n": 0.50' in answer.text
    assert answer.json()["event"]["data"]["word"] == "grün"
    assert answer.json()["candidates"] == ["shop.order.paid", "shop"]


def test_who_may_not_read_connections_sees_the_events_of_dags(call: As) -> None:
    event_dags.write("shop.order.paid")
    store({}, {"dag_id": "shop.order.paid", "state": "dispatched"}, {"dag_id": "gone", "state": "dispatched"})

    assert ids(call("viewer").get("/events")) == ["e1"]
    assert ids(call("op").get("/events")) == ["e2", "e1", "e0"]


def test_what_may_not_be_seen_is_not_there(call: As) -> None:
    store({})
    number = call("op").get("/events").json()["items"][0]["number"]

    hidden, missing = (call("viewer").get(f"/events/{one}") for one in (number, number + 1000))

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["type"] == missing.json()["type"] == "urn:hookline:problem:not-found"


BAD = {
    "limit": "201",
    "cursor": "bm8",
    "state": "lost",
    "since": "yesterday",
    "until": "0001-01-01T00:00:00+14:00",
    "text": "ab",
    "source": "a\0b",
    "colour": "red",
}


@pytest.mark.parametrize(("name", "value"), BAD.items(), ids=BAD)
def test_a_bad_parameter_is_named(call: As, name: str, value: str) -> None:
    answer = call("op").get("/events", params={name: value})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert name in answer.text
