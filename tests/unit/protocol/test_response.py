"""What a task may answer, and that it arrives as it was given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import response
from hookline.protocol.response import MAX_BYTES, Response

COMPOSED: dict[str, tuple[dict[str, Any], Response]] = {
    "nothing": ({}, Response(200)),
    "JSON": (
        {"body": {"a": [1, None]}},
        Response(200, {"content-type": "application/json"}, b'{"a": [1, null]}'),
    ),
    "a list": ({"body": []}, Response(200, {"content-type": "application/json"}, b"[]")),
    "text": ({"body": "é"}, Response(200, {"content-type": "text/plain; charset=utf-8"}, "é".encode())),
    "XML": (
        {"body": "<Response/>", "content_type": "text/xml"},
        Response(200, {"content-type": "text/xml; charset=utf-8"}, b"<Response/>"),
    ),
    "the content type wins over the header": (
        {"body": "a,b", "headers": {"Content-Type": "text/plain"}, "content_type": "text/csv"},
        Response(200, {"content-type": "text/csv; charset=utf-8"}, b"a,b"),
    ),
    "a redirect": (
        {"status": 303, "headers": {"Location": "https://shop.example/thanks"}},
        Response(303, {"location": "https://shop.example/thanks"}),
    ),
    "no content": ({"status": "204", "body": "x"}, Response(204)),
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a status of 1xx": ({"status": 101}, "200 to 599"),
    "a status of 6xx": ({"status": 600}, "200 to 599"),
    "a status that is true": ({"status": True}, "200 to 599"),
    "not modified": ({"status": 304}, "means nothing"),
    "a redirect to nowhere": ({"status": 302}, "needs the header `Location`"),
    "a cookie": ({"headers": {"set-cookie": "a=b"}}, "may not be set"),
    "a page": ({"body": "<p>", "content_type": "text/html"}, "content type is one of"),
    "too much": ({"body": "x" * (MAX_BYTES + 1)}, "an answer may have"),
    "no JSON": ({"body": {"a": object()}}, "cannot be written as JSON"),
    "not a number": ({"body": [float("nan")]}, "cannot be written as JSON"),
}


@pytest.mark.parametrize(("given_", "made"), COMPOSED.values(), ids=COMPOSED)
def test_what_an_author_gives_makes_the_answer(given_: dict[str, Any], made: Response) -> None:
    assert response.compose(**given_) == made


@pytest.mark.parametrize(("given_", "says"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_answered_is_refused(given_: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        response.compose(**given_)


@pytest.mark.parametrize("made", [made for _, made in COMPOSED.values()], ids=COMPOSED)
def test_an_answer_arrives_as_it_was_given(made: Response) -> None:
    assert response.load(response.dump(made)) == made


@given(text=st.one_of(st.none(), st.integers(), st.text(max_size=60), st.dictionaries(st.text(), st.text())))
def test_anything_else_is_no_answer(text: Any) -> None:
    with pytest.raises(ConfigurationError):
        response.load(text)
