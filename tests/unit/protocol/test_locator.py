"""Where a request says what it is."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from tests.unit.protocol.requests import message

REQUEST = message(
    headers=[("X-Event", "push"), ("X-Twice", "a"), ("X-Twice", "b"), ("X-Empty", "")],
    event_path="orders/paid%2Flate",
    query="type=paid&twice=1&twice=2&empty=&a%20b=c",
)
DATA = {
    "id": 17,
    "price": 1.5,
    "kind": "order",
    "yes": True,
    "none": None,
    "list": [1],
    "inner": {"id": "x"},
    "empty": "",
    "huge": 10**400,
    "mixed": [10**400, 1.5],
    "digits": [10**4299 * 9] * 9,
}


@pytest.mark.parametrize(
    ("notation", "found"),
    [
        ("path", "orders/paid/late"),
        ("header:X-Event", "push"),
        ("header:x-event", "push"),
        ("header: X-Event ", "push"),
        ("header:X-Other", None),
        ("header:X-Twice", None),
        ("header:X-Empty", None),
        ("query:type", "paid"),
        ("query:a b", "c"),
        ("query:twice", None),
        ("query:empty", None),
        ("query:other", None),
        ("body:kind", "order"),
        ("body:id", "17"),
        ("body:price", "1.5"),
        ("body:inner.id", "x"),
        ("body:list[0]", "1"),
        ("body:join(':', [kind, inner.id])", "order:x"),
        ("body:yes", None),
        ("body:none", None),
        ("body:list", None),
        ("body:inner", None),
        ("body:empty", None),
        ("body:other.deeper", None),
        ("body:length(id)", None),
        ("body:avg(mixed)", None),
        ("body:sum(digits)", None),
    ],
)
def test_what_stands_there(notation: str, found: str | None) -> None:
    assert Locator.parse(notation).find(REQUEST, DATA) == found


@pytest.mark.parametrize("data", [None, [], "text", 5, True], ids=repr)
def test_a_body_of_another_shape_has_nothing_there(data: Any) -> None:
    assert Locator.parse("body:a.b[0].c").find(REQUEST, data) is None


def test_an_empty_path_is_nothing() -> None:
    assert Locator.parse("path").find(message(), {}) is None


@pytest.mark.parametrize(
    "notation",
    ["", "X-Event", "header", "header:", "header: ", "query:", "body:", "cookie:a", "path:x", "Header:X"],
)
def test_what_is_no_notation_is_refused(notation: str) -> None:
    with pytest.raises(ConfigurationError, match="says nowhere to look"):
        Locator.parse(notation)


@pytest.mark.parametrize("expression", ["a..b", "a[", "'", "`{", "f(", "a b", "@@", "&"])
def test_what_is_no_jmespath_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="is not JMESPath"):
        Locator.parse(f"body:{expression}")


@pytest.mark.parametrize("notation", ["path", "header:X-Event", "query:type", "body:inner.id"])
def test_the_text_of_a_locator_is_its_notation(notation: str) -> None:
    assert str(Locator.parse(notation)) == notation


PIECE = st.sampled_from([*"ab.[]{}()*@|&'\"`:,0 -?!<=\\", "length", "sum", "sort_by", "to_string"])


@given(expression=st.lists(PIECE, min_size=1, max_size=10).map("".join).filter(str.strip))
def test_any_expression_finds_something_or_is_refused(expression: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # JMESPath's, on bare text in backticks
        try:
            locator = Locator.parse(f"body:{expression}")
        except ConfigurationError:
            return
        found = locator.find(_REQUEST, {"a": {"b": [1, "x"]}, "b": "text"})
    assert found is None or isinstance(found, str)


_REQUEST: Message = message()
