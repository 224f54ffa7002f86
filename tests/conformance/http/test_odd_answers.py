"""Answers that servers should not send and do: both lanes make the same of them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from hookline.hooks.storage import Attachment
from hookline.operators.http import HttpGetOperator, HttpPostOperator
from tests.conformance.http import raw
from tests.conformance.http.conftest import Server, answer
from tests.conformance.http.lanes import Lane

Connect = Callable[..., str]
CONTENT = b'{"a": 1}'


def got(connect: Connect, lane: Lane, fields: bytes, content: bytes = CONTENT, before: bytes = b"") -> Any:
    """Return what a call makes of an answer with these header fields."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(content)
    with raw.talking(raw.saying(b"".join((before, head, fields, b"\r\n", content)))) as url:
        return lane(HttpGetOperator, http_conn_id=connect(url, max_attempts=1))


FIELDS = {
    "UTF-8": ("X-A: Zoë ☃\r\n".encode(), "Zoë ☃"),
    "ISO-8859-1": (b"X-A: Zo\xeb\r\n", "Zoë"),
    "folded": (b"X-A: a\r\n  b\r\n", "a b"),
    "repeated": (b"X-A: a\r\nx-a: b\r\n", "a, b"),
    "empty": (b"X-A:\r\n", ""),
}


@pytest.mark.parametrize(("fields", "value"), FIELDS.values(), ids=FIELDS)
def test_header_values(connect: Connect, lane: Lane, fields: bytes, value: str) -> None:
    assert got(connect, lane, fields)["headers"]["x-a"] == value


@pytest.mark.parametrize("value", [b"a\0b", b"a\x0bb", b"a\x0cb"], ids=repr)
def test_a_header_that_clients_disagree_about_is_refused(connect: Connect, lane: Lane, value: bytes) -> None:
    with pytest.raises(Exception, match="may have been carried out"):
        got(connect, lane, b"X-A: " + value + b"\r\n")


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


@pytest.mark.parametrize("before", [HINTS, HINTS * 3, b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS])
def test_interim_answers_are_passed_over(connect: Connect, lane: Lane, before: bytes) -> None:
    xcom = got(connect, lane, b"", before=before)
    assert (xcom["status"], xcom["body"], xcom["headers"].get("link")) == (200, {"a": 1}, None)


LENIENT = {
    "a charset": (b"utf-8", CONTENT),
    "nothing": (b"none", CONTENT),
    "a coding and a charset": (b"gzip, utf-8", gzip.compress(CONTENT)),
    "gzip and zeros": (b"gzip", gzip.compress(CONTENT) + bytes(1000)),
    "gzip and one zero": (b"gzip", gzip.compress(CONTENT) + bytes(1)),
    "gzip and rubbish": (b"gzip", gzip.compress(CONTENT) + b"rubbish"),
    "deflate and rubbish": (b"deflate", zlib.compress(CONTENT) + b"rubbish"),
}


@pytest.mark.parametrize(("coding", "content"), LENIENT.values(), ids=LENIENT)
def test_encodings_are_taken_as_requests_takes_them(
    connect: Connect, lane: Lane, coding: bytes, content: bytes
) -> None:
    assert got(connect, lane, b"Content-Encoding: %s\r\n" % coding, content)["body"] == {"a": 1}


BROKEN = {
    "br": (b"br", b"x"),
    "zstd": (b"zstd", b"x"),
    "gzip cut off": (b"gzip", gzip.compress(CONTENT)[:-1]),
    "a second member cut off": (b"gzip", gzip.compress(CONTENT) + gzip.compress(CONTENT)[:-9]),
}


@pytest.mark.parametrize(("coding", "content"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_whole_is_no_answer(connect: Connect, lane: Lane, coding: bytes, content: bytes) -> None:
    with pytest.raises(Exception, match=r"compression is broken.*and the request was carried out"):
        got(connect, lane, b"Content-Encoding: %s\r\n" % coding, content)


@pytest.mark.parametrize(("coding", "content"), BROKEN.values(), ids=BROKEN)
def test_a_status_is_not_hidden_by_its_body(
    server: Server, connect: Connect, lane: Lane, coding: bytes, content: bytes
) -> None:
    server.respond = answer(403, {"Content-Encoding": coding.decode()}, content)

    with pytest.raises(Exception, match=f"POST {server.url}/ -> 403: its body cannot be shown, the content"):
        lane(HttpPostOperator, http_conn_id=connect(server.url))


def test_an_empty_file_is_sent_with_its_length(
    server: Server, connect: Connect, lane: Lane, bucket: str
) -> None:
    place = ObjectStoragePath(f"{bucket}/empty.bin")
    place.fs.pipe_file(place.path, b"")

    lane(HttpPostOperator, http_conn_id=connect(server.url), body=Attachment(str(place)), body_type="raw")

    assert server.got[0].headers["content-length"] == "0"
    assert "transfer-encoding" not in server.got[0].headers
