"""A batch: each element an event with its own type and delivery id, all or none."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from hookline.protocol.intake import Accepted, take
from hookline.protocol.problem import Rejected
from tests.unit.protocol.requests import message, source

BODY = b'{"id": "b1", "type": "meter", "rows": [{"id": "1", "type": "gas.read"}, {"id": "2", "n": 1.50}]}'


def events(body: bytes = BODY, headers: Any = (), **extra: Any) -> tuple[Accepted, ...]:
    taken = take(source(**{"batch": "rows", **extra}), message(body, headers))
    assert isinstance(taken, tuple)
    return taken


def test_each_element_is_an_event_by_the_locators() -> None:
    first, second = events(event_type="body:type", event_id="body:id")
    assert (first.event_id, first.event_type, first.candidates[0]) == ("1", "gas.read", "shop.gas.read")
    assert (second.event_id, second.event_type) == ("2", "meter")
    assert [json.loads(event.body)["data"] for event in (first, second)] == [
        {"id": "1", "type": "gas.read"},
        {"id": "2", "n": 1.5},
    ]


@pytest.mark.parametrize(
    ("event_id", "ids"), [("header:X-Id", ["17.0", "17.1"]), ("body:request", ["r1.0", "r1.1"])]
)
def test_an_id_of_the_whole_request_is_numbered(event_id: str, ids: list[str]) -> None:
    body = b'{"request": "r1", "rows": [{"a": 1}, {"a": 2}]}'
    assert [event.event_id for event in events(body, {"X-Id": "17"}, event_id=event_id)] == ids


@pytest.mark.parametrize("extra", [{}, {"event_id": "body:n"}], ids=["no locator", "found nowhere"])
def test_without_a_delivery_id_each_has_one_of_its_own(extra: dict[str, str]) -> None:
    ids = {event.event_id for event in events(b'{"rows": [{}, {}]}', **extra)}
    assert [UUID(made).version for made in ids] == [7, 7]


def test_lines_are_a_batch_as_they_stand() -> None:
    lines = b'{"id": 1, "price": 1.50}\n{"id": 2, "price": 1E2}\n'
    first, second = events(lines, {"Content-Type": "application/x-ndjson"}, event_id="body:id", batch=None)
    assert (first.event_id, second.event_id) == ("1", "2")
    assert '{"id": 1, "price": 1.50}' in first.body
    assert '{"id": 2, "price": 1E2}' in second.body


def test_an_empty_batch_has_no_events() -> None:
    assert events(b'{"rows": []}') == ()


@pytest.mark.parametrize("bad", ['{"no": "type"}', '{"type": "a..b"}', '{"type": "a\\u0000"}', "null"])
def test_one_bad_element_refuses_all(bad: str) -> None:
    body = f'{{"rows": [{{"type": "good"}}, {bad}]}}'.encode()
    with pytest.raises(Rejected) as raised:
        events(body, event_type="body:type")
    assert raised.value.problem.status == 400


def test_a_batch_is_no_handshake() -> None:
    github = source("github", password="s3cret", auth_type="github", batch="rows")
    request = message(b'{"rows": [{}]}')
    headers = {**github.verifier.sign(request), "X-GitHub-Event": "ping"}
    taken = take(github, message(b'{"rows": [{}]}', headers))
    assert isinstance(taken, tuple)
    assert [event.event_type for event in taken] == ["ping"]


def test_each_of_line_s_events_has_its_own_type() -> None:
    line = source("line", password="s3cret", auth_type="line", batch="events")
    body = (
        b'{"destination": "U1", "events": [{"type": "message", "webhookEventId": "01A"},'
        b' {"type": "follow", "webhookEventId": "01B"}]}'
    )

    taken = take(line, message(body, line.verifier.sign(message(body))))

    assert isinstance(taken, tuple)
    assert [(event.event_type, event.event_id) for event in taken] == [("message", "01A"), ("follow", "01B")]
