"""From a message to an event, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol.intake import Accepted, Handshake, take
from hookline.protocol.problem import MALFORMED, UNAUTHENTICATED, UNSUPPORTED_MEDIA_TYPE, Problem, Rejected
from tests.unit.protocol.requests import ARRIVAL, message, source


def refused(*args: Any) -> Problem:
    with pytest.raises(Rejected) as raised:
        take(*args)
    return raised.value.problem


def accepted(*args: Any) -> Accepted:
    event = take(*args)
    assert isinstance(event, Accepted)
    return event


def github(body: bytes, **headers: str) -> tuple[Any, Any]:
    github = source("github", password="s3cret", auth_type="github")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return github, message(body, {**fields, **github.verifier.sign(message(body))})


def test_an_event_by_path() -> None:
    event = accepted(
        source(event_id="header:X-Id"), message(b'{"a": 1}', {"X-Id": "17"}, event_path="orders/paid")
    )
    assert (event.source, event.event_id, event.event_type) == ("shop", "17", "orders.paid")
    assert event.candidates == ("shop.orders.paid", "shop")
    assert event.received_at == ARRIVAL
    assert json.loads(event.body)["data"] == {"a": 1}


def test_an_event_of_github() -> None:
    event = accepted(*github(b'{"ref": "main"}', X_GitHub_Event="push", X_GitHub_Delivery="72d3162e"))
    assert (event.event_id, event.event_type, event.candidates) == (
        "72d3162e",
        "push",
        ("github.push", "github"),
    )
    assert set(json.loads(event.body)["hookline"]["headers"]) == {"x-github-event", "x-github-delivery"}


def test_a_ping_of_github_is_a_handshake() -> None:
    assert take(*github(b'{"zen": "."}', X_GitHub_Event="ping", X_GitHub_Delivery="1")) == Handshake("ping")


def test_a_ping_is_verified_like_everything_else() -> None:
    owner, ping = github(b"{}", X_GitHub_Event="ping")
    assert refused(owner, message(b"{} ", dict(ping.headers.items()))) is UNAUTHENTICATED


def test_an_event_without_a_path_goes_to_the_catch_all() -> None:
    event = accepted(source(), message())
    assert (event.event_type, event.candidates) == ("shop", ("shop",))


def test_a_type_found_outside_the_path_is_split_at_its_dots() -> None:
    event = accepted(source(event_type="body:type"), message(b'{"type": "invoice.paid"}'))
    assert event.candidates == ("shop.invoice.paid", "shop")


def test_a_dot_in_a_path_segment_is_part_of_it() -> None:
    assert accepted(source(), message(event_path="v1.2/paid")).candidates[0] == "shop.v1_x2E2.paid"


def test_an_encoded_slash_is_part_of_its_segment() -> None:
    assert accepted(source(), message(event_path="a%2Fb")).candidates[0] == "shop.a_x2Fb"


@pytest.mark.parametrize(
    "body",
    [
        '{"é": "☃", "lone": "\\ud800", "nul": "\\u0000"}',
        ' \n{"a": 1.50, "b": 1E2, "c": 12345678901234567890123}\t',
        '"}, \\"id\\": \\"other"',
        "null",
        "[]",
        '{"a": 1, "a": 2}',
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "byte order mark"])
def test_the_data_is_what_the_sender_wrote(body: str, mark: str) -> None:
    event = accepted(source(event_id="header:X-Id"), message((mark + body).encode(), {"X-Id": "17"}))
    stored = json.loads(event.body)
    assert stored["data"] == json.loads(body)
    assert stored["id"] == "17"
    assert body.strip() in event.body


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        'application/json; charset="utf-8"; version=1',
        "application/json; charset=utf-8 ; version=1",
        "text/json",
        "application/vnd.api+json",
        "application/json; version=1",
        "application/json;",
    ],
)
def test_json_may_be_declared_as(kind: str) -> None:
    accepted(source(), message(headers={"Content-Type": kind}))


@pytest.mark.parametrize(
    "kind",
    [
        "json",
        "application/json/x",
        "/json",
        "application/",
        "application /json",
        "x" * 1001,
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "text/plain; charset=klingon",
        "text/plain; charset=base64",
        "text/plain; charset=unicode_escape",
        "text/plain; charset=idna",
        f"text/plain; charset={'u' * 900}",
    ],
)
def test_a_content_type_or_charset_that_is_none_is_unsupported(kind: str) -> None:
    assert refused(source(), message(headers={"Content-Type": kind})) is UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize("coding", ["compress", "zstd", "gzip, gzip", "gzip, br", "x"])
def test_another_coding_or_several_are_unsupported(coding: str) -> None:
    assert refused(source(), message(headers={"Content-Encoding": coding})) is UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_declared_as_it_is_is_read(coding: str) -> None:
    accepted(source(), message(headers={"Content-Encoding": coding}))


def test_the_sender_is_verified_before_anything_is_read() -> None:
    closed = source(password="s3cret", auth_type="bearer")
    assert refused(closed, message(b"not JSON", {"Content-Type": "text/plain"})) is UNAUTHENTICATED


MALFORMED_REQUESTS = {
    "not JSON": (source(), message(b"a=1")),
    "empty body": (source(), message(b"")),
    "type missing in its header": (source(event_type="header:X-Event"), message()),
    "type repeated in its header": (
        source(event_type="header:X-Event"),
        message(headers=[("X-Event", "a"), ("X-Event", "a")]),
    ),
    "type missing in the body": (source(event_type="body:type"), message(b"{}")),
    "type of an empty part": (source(event_type="body:type"), message(b'{"type": "a..b"}')),
    "type of dots only": (source(event_type="body:type"), message(b'{"type": "."}')),
    "type too long": (source(event_type="body:type"), message(json.dumps({"type": "a" * 201}).encode())),
    "type with a line end": (source(event_type="body:type"), message(rb'{"type": "a\nb"}')),
    "type with a NUL": (source(event_type="body:type"), message(rb'{"type": "a\u0000"}')),
    "type with a lone surrogate": (source(event_type="body:type"), message(rb'{"type": "\ud800"}')),
    "path with a NUL": (source(), message(event_path="%00")),
    "path that is not UTF-8": (source(), message(event_path="%FF")),
    "path with an empty segment": (source(), message(event_path="a//b")),
    "path too long": (source(), message(event_path="a" * 201)),
    "dag id too long": (source(), message(event_path="%C3%89" * 40)),
}


@pytest.mark.parametrize("request_", MALFORMED_REQUESTS.values(), ids=MALFORMED_REQUESTS)
def test_a_request_that_cannot_be_read_is_malformed(request_: tuple[Any, Any]) -> None:
    assert refused(*request_) is MALFORMED


def test_200_characters_of_type_are_read() -> None:
    assert accepted(source(), message(event_path="a" * 200)).event_type == "a" * 200


@pytest.mark.parametrize("name", ["X-API-Key", "X-Shop"])
def test_the_key_is_nowhere_in_the_event(name: str) -> None:
    shop = source(password="s3cret", auth_type="api_key", api_key_header=name)
    assert "s3cret" not in accepted(shop, message(headers={name: "s3cret"})).body


@given(
    body=st.binary(max_size=30) | st.just(b'{"type": "a.b", "id": 5}'),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["content-type", "x-event", "x-id", "traceparent", "content-encoding"]),
            st.text(max_size=8) | st.just("application/json"),
        ),
        max_size=4,
    ),
    event_path=st.text("abcdef%0123CE9/. ", max_size=12),
    query=st.text("ab=&%C39;+", max_size=12),
)
def test_any_request_is_taken_or_refused(body: bytes, headers: Any, event_path: str, query: str) -> None:
    for notation in ("path", "header:x-event", "query:a", "body:type"):
        try:
            event = take(
                source(event_type=notation, event_id="header:x-id", dag_prefix=""),
                message(body, headers, event_path=event_path, query=query),
            )
        except Rejected:
            continue
        assert isinstance(event, Accepted)
        assert len(json.dumps(event.candidates)) <= 2000
        assert len(event.event_id) <= 250
        assert len(event.event_type) <= 200
