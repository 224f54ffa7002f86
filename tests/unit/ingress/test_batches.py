"""A batch is answered event by event, and stored in one commit or not at all."""

from __future__ import annotations

import json

from tests.unit.conftest import Query
from tests.unit.ingress.conftest import Events, Objects
from tests.unit.ingress.server import Server
from tests.unit.ingress.test_answers import problem


def test_a_batch_is_answered_event_by_event(storing: Server, query: Query) -> None:
    body = b'[{"id": "1", "t": "a.b"}, {"id": "2", "t": "c"}, {"id": "1", "t": "a.b"}]'
    first = storing.post("rows", body)
    second = storing.post("rows", body)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == {
        "events": [
            {"event_id": "1", "status": "accepted", "duplicate": False},
            {"event_id": "2", "status": "accepted", "duplicate": False},
            {"event_id": "1", "status": "accepted", "duplicate": True},
        ]
    }
    assert [event["duplicate"] for event in second.json()["events"]] == [True] * 3
    assert query("SELECT event_id, event_type FROM hookline_event ORDER BY seq") == [("1", "a.b"), ("2", "c")]


def test_an_empty_batch_is_answered(storing: Server, events: Events) -> None:
    response = storing.post("rows", b"[]")
    assert (response.status_code, response.json(), events()) == (200, {"events": []}, [])


def test_a_batch_of_a_thousand_is_one_commit(storing: Server, query: Query) -> None:
    body = json.dumps([{"id": str(number), "t": "x"} for number in range(1000)]).encode()
    assert storing.post("rows", body).status_code == 202
    assert query("SELECT count(*) FROM hookline_event") == [(1000,)]


def test_a_batch_does_not_multiply_its_headers(storing: Server, query: Query) -> None:
    body = json.dumps([{"id": str(number), "t": "x"} for number in range(1000)]).encode()
    refused = problem(storing.post("rows", body, X_Ballast="b" * 60_000), 413, "too-large")
    assert "fewer events or smaller headers" in refused["detail"]
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]
    few = json.dumps([{"id": str(number), "t": "x"} for number in range(100)]).encode()
    assert storing.post("rows", few, X_Ballast="b" * 60_000).status_code == 202


def test_a_batch_with_large_events_stores_each(storing: Server, events: Events, objects: Objects) -> None:
    body = json.dumps([{"id": str(n), "t": "x", "text": "a" * 300_000} for n in range(3)]).encode()
    assert storing.post("rows", body).status_code == 202
    assert [event["data"]["dataref"] for event in events()] == [
        event["hookline"]["dataref"]["path"] for event in events()
    ]
    assert len(objects()) == 3


def test_a_batch_with_one_bad_event_leaves_nothing(storing: Server, events: Events, objects: Objects) -> None:
    body = json.dumps([{"id": "1", "t": "x", "text": "a" * 300_000}, {"id": "2"}]).encode()
    problem(storing.post("rows", body), 400, "malformed")
    assert (objects(), events()) == ([], [])
