"""A request as bytes and text, read strictly."""

from __future__ import annotations

import pytest

from hookline.protocol.message import Headers
from hookline.protocol.problem import MALFORMED, Rejected
from tests.unit.protocol.requests import message


@pytest.mark.parametrize(
    ("event_path", "segments"),
    [
        ("", ()),
        ("orders", ("orders",)),
        ("orders/paid", ("orders", "paid")),
        ("orders/paid%2Flate", ("orders", "paid/late")),
        ("orders/paid%2flate", ("orders", "paid/late")),
        ("a%20b", ("a b",)),
        ("a+b", ("a+b",)),
        ("%C3%A9", ("é",)),
        ("%00", ("\0",)),
        ("..", ("..",)),
        ("%2E%2E", ("..",)),
        ("100%", ("100%",)),
        ("%25", ("%",)),
    ],
)
def test_the_event_path_is_split_before_it_is_decoded(event_path: str, segments: tuple[str, ...]) -> None:
    assert message(event_path=event_path).path_segments() == segments


@pytest.mark.parametrize(
    "event_path",
    ["a//b", "/", "/a", "a/", "%FF", "a/%C3", "%ED%A0%80"],
    ids=["empty inside", "only a slash", "empty first", "empty last", "no UTF-8", "cut UTF-8", "surrogate"],
)
def test_an_event_path_that_names_nothing_is_malformed(event_path: str) -> None:
    with pytest.raises(Rejected) as raised:
        message(event_path=event_path).path_segments()
    assert raised.value.problem is MALFORMED


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ()),
        ("a=1&b=2", (("a", "1"), ("b", "2"))),
        ("a=1&a=2", (("a", "1"), ("a", "2"))),
        ("a=", (("a", ""),)),
        ("a", (("a", ""),)),
        ("a=%C3%A9+x", (("a", "é x"),)),
        (
            "&".join(f"n{number}=1" for number in range(100)),
            tuple((f"n{number}", "1") for number in range(100)),
        ),
    ],
    ids=["none", "two", "repeated", "empty value", "no value", "encoded", "100 fields"],
)
def test_the_query_is_decoded(query: str, fields: tuple[tuple[str, str], ...]) -> None:
    assert message(query=query).query == fields


@pytest.mark.parametrize(
    "query",
    ["&".join(["a=1"] * 101), "a=%FF", "%FF=a", "a=%ED%A0%80"],
    ids=["101 fields", "value no UTF-8", "name no UTF-8", "surrogate"],
)
def test_a_query_that_cannot_be_read_is_malformed(query: str) -> None:
    with pytest.raises(Rejected) as raised:
        message(query=query)
    assert raised.value.problem is MALFORMED


def test_header_names_are_case_insensitive() -> None:
    headers = Headers([(b"X-Event", b"push")])
    assert headers.get("x-event") == headers.get("X-EVENT") == "push"


def test_a_repeated_header_has_no_single_value() -> None:
    headers = Headers([(b"x-event", b"push"), (b"X-Event", b"push")])
    assert headers.get("x-event") is None
    assert dict(headers.items()) == {"x-event": "push, push"}


@pytest.mark.parametrize(
    ("sent", "read"),
    [(b" \tpush\t ", "push"), (b"\xa0push\xc3\xa0", "\xa0push\xc3\xa0"), (b"", "")],
    ids=["space and tab", "bytes that Latin-1 calls space", "empty"],
)
def test_only_space_and_tab_around_a_value_are_none_of_it(sent: bytes, read: str) -> None:
    assert Headers([(b"x-event", sent)]).get("x-event") == read
