"""An answer's status is judged, its body understood by content type, its XCom storable everywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import UnreadableAnswer
from hookline.hooks.saving import _name
from hookline.http.answer import is_binary
from hookline.http.call import Call
from hookline.http.flow import Progress
from hookline.http.request import Request, compose
from hookline.http.response import Answer, Received, read, unexpected
from hookline.http.target import from_fields

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/http_response.json").read_text())
REQUEST = compose(from_fields(host="h", extra={"auth_type": "none"}), "POST", "a?key=s3cret")


def received(case: dict[str, Any]) -> Received:
    content = bytes.fromhex(case["hex"]) if "hex" in case else case["content"].encode()
    return Received(200, {"Content-Type": case["type"]} if case["type"] else {}, content)


@pytest.mark.parametrize("case", VECTORS["bodies"], ids=lambda case: case["name"])
def test_body_is_read_by_content_type(case: dict[str, Any]) -> None:
    assert read(received(case)).body == case["body"]


@pytest.mark.parametrize("case", VECTORS["unreadable"], ids=lambda case: case["name"])
def test_what_is_not_what_it_says_is_unreadable(case: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer) as raised:
        read(received(case))
    assert case["says"] in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_a_body_left_out_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    read(Received(200, {"content-type": "image/png"}, b"\x89PNG"))
    assert caplog.messages == [
        "The answer's 4 bytes of image/png are left out: not a kind of text. Set save_to to keep them"
    ]


@pytest.mark.parametrize("levels", [100_000, 300])
def test_deep_xml_is_refused(levels: int) -> None:
    with pytest.raises(UnreadableAnswer, match=r"nested|XML but is not"):
        read(Received(200, {"content-type": "application/xml"}, b"<a>" * levels + b"</a>" * levels)).xcom()


@pytest.mark.parametrize("levels", [100_000, 300])
def test_deep_json_is_refused(levels: int) -> None:
    with pytest.raises(UnreadableAnswer, match="nested"):
        read(Received(200, {"content-type": "application/json"}, b"[" * levels + b"]" * levels)).xcom()


@pytest.mark.parametrize(
    "read_it",
    [
        lambda value: read(Received(200, {"content-type": f"text/plain; {value}"}, b"hi")).body,
        lambda value: is_binary(f"image/png; {value}") and "hi",
        lambda value: _name("https://h/hi", {"content-disposition": f"attachment; {value}"}),
    ],
    ids=["Content-Type", "Content-Type of a file", "Content-Disposition"],
)
def test_endless_parameters_are_not_looked_at(read_it: Callable[[str], str]) -> None:
    began = time.process_time()
    assert read_it('a="' + ";" * 60_000) == "hi"
    assert time.process_time() - began < 0.5


WIDE = {
    "a row without names": ("text/csv", "a\n" + "," * 200_000, "100000 columns"),
    "rows without header": ("text/csv; header=absent", "," * 200_000, "100000 columns"),
    "one line": ("text/csv", "," * 6_000_000, "5000000 cells"),
    "cells under names": ("text/csv", "," * 9_999 + "\n" + "1\n" * 600, "5000000 cells"),
    "cells without header": ("text/csv; header=absent", ("," * 9_999 + "\n") * 501, "5000000 cells"),
}


@pytest.mark.parametrize(("kind", "text", "says"), WIDE.values(), ids=WIDE)
def test_a_table_is_bounded_while_it_is_read(kind: str, text: str, says: str) -> None:
    with pytest.raises(UnreadableAnswer, match=f"more than {says}"):
        read(Received(200, {"content-type": kind}, text.encode()))


def test_a_form_of_endless_fields_is_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="form cannot be read"):
        read(Received(200, {"content-type": "application/x-www-form-urlencoded"}, b"a&" * 20_000))


@pytest.mark.parametrize("case", VECTORS["stored"], ids=lambda case: case["name"])
def test_xcom_holds_only_what_every_backend_can_store(case: dict[str, Any]) -> None:
    xcom = Answer(200, {"etag": "1", "set-cookie": "s"}, case["body"]).xcom()
    assert xcom == {"status": 200, "headers": {"etag": "1", "set-cookie": "***"}, "body": case["xcom"]}
    json.dumps(xcom, ensure_ascii=False).encode()


@pytest.mark.parametrize("case", VECTORS["stored"], ids=lambda case: case["name"])
def test_so_it_is_with_pages_that_wait_for_the_next(case: dict[str, Any]) -> None:
    progress = Progress(pages=[case["body"]], changes={"query": {"after": "\ud800"}})
    assert progress.to_json()["pages"] == [case["xcom"]]
    json.dumps(progress.to_json(), ensure_ascii=False).encode()


def test_so_it_is_with_headers() -> None:
    assert Answer(200, {"etag": "\0\ud800"}, None).xcom()["headers"] == {"etag": "\ufffd\ufffd"}


@pytest.mark.parametrize(
    ("status", "expected", "accepted"),
    [
        (200, None, True),
        (299, None, True),
        (300, None, False),
        (404, None, False),
        (404, 404, True),
        (404, {200, 404}, True),
        (200, 404, False),
        (200, (), False),
    ],
)
def test_status(status: int, expected: Any, accepted: bool) -> None:
    assert Call("POST", expected_status=expected).accepts(status) is accepted


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            Received(500, {}, b"a\r\n\x1b[31m b"), "POST https://h/a -> 500: a [31m b", id="one line"
        ),
        pytest.param(
            Received(500, {}, b"x" * 400), f"POST https://h/a -> 500: {'x' * 300}…", id="300 characters"
        ),
        pytest.param(
            Received(401, {}, b"bad key t0k3n"), "POST https://h/a -> 401: bad key ***", id="no secret"
        ),
        pytest.param(
            Received(302, {"Location": "/login?next=s3cret"}, b""),
            "POST https://h/a -> 302: redirected to https://h/login; "
            "redirects are not followed, call that address",
            id="relative redirect",
        ),
        pytest.param(
            Received(307, {"location": "https://u:s3cret@other.example/x?code=s3cret#f"}, b""),
            "POST https://h/a -> 307: redirected to https://other.example/x; "
            "redirects are not followed, call that address",
            id="redirect with credentials",
        ),
        pytest.param(
            Received(307, {"location": "https://[s3cret"}, b""),
            "POST https://h/a -> 307: redirected to (not a URL); "
            "redirects are not followed, call that address",
            id="redirect to nonsense",
        ),
    ],
)
def test_message_of_an_unexpected_status(answer: Received, message: str) -> None:
    assert str(unexpected(REQUEST, answer, ["t0k3n"])) == message


def test_a_get_that_was_followed_far_enough_says_so() -> None:
    received = Received(302, {"Location": "/there"}, b"")

    assert str(unexpected(Request("GET", "https://h/a"), received)).endswith(
        "redirects are not followed any further, call that address"
    )
