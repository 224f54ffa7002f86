"""An exchange ends in time, however the other side spends it."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import NoAnswer
from hookline.http.body import Content
from tests.conformance.http import raw
from tests.conformance.http.certificate import certify
from tests.conformance.http.test_transports import Kept, Send, asynchronously, post, synchronously, target

PAUSE = 0.05
BOUND = {"timeout": 0.2, "connect_timeout": 0.2}
WITHIN = 2.0
"""Seconds: far more than the bound, far less than what drips."""


@pytest.fixture(params=[synchronously, asynchronously], ids=["requests", "httpx"])
def send(request: pytest.FixtureRequest, connect: Callable[..., str]) -> Send:
    """One of the transports, without the environment's proxies."""
    return request.param


def dripping(*beginning: bytes, piece: bytes = b"a") -> raw.Talk:
    def talk(connection: socket.socket) -> None:
        raw.request(connection)
        for piece_now in itertools.chain(beginning, itertools.repeat(piece)):
            connection.sendall(piece_now)
            time.sleep(PAUSE)

    return talk


ENDLESS = {
    "a status line": dripping(b"HTTP/1.1 200 "),
    "a header": dripping(b"HTTP/1.1 200 OK\r\nX-A: "),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", piece=b"X: a\r\n"),
    "100 Continue": dripping(piece=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": dripping(piece=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "a body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece=b"1\r\na\r\n"),
    "a chunk's size": dripping(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;", piece=b"a"
    ),
}  # fmt: skip


def late(send: Send, url: str, says: str, *more: Any, **extra: Any) -> None:
    where = target(url, **{**BOUND, **extra})
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=says):
        send(post(where), where, *more)
    assert time.monotonic() - began < WITHIN


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_drips_is_not_waited_for(send: Send, talk: raw.Talk) -> None:
    with raw.talking(talk) as url:
        late(send, url, r"0\.4 s.*raise the Connection's timeout")


def test_so_it_is_with_tls(send: Send, tmp_path: Path) -> None:
    context, certificate = certify(tmp_path)
    with raw.talking(ENDLESS["a header"], context) as url:
        late(send, url, r"no answer within 0\.4 s", verify=certificate)


def test_so_it_is_with_a_proxy(send: Send) -> None:
    with raw.talking(ENDLESS["a header"]) as url:
        late(send, "http://api.example.invalid", r"no answer within 0\.4 s", proxy=url)


def test_a_head_that_drips_is_not_waited_for_because_its_body_might_be_saved(send: Send) -> None:
    with raw.talking(ENDLESS["a header"]) as url:
        late(send, url, r"no answer within 0\.4 s", Kept())


def test_neither_is_a_body_that_no_sink_takes(send: Send) -> None:
    with raw.talking(ENDLESS["a body"]) as url:
        late(send, url, r"not complete after 0\.4 s", lambda *_of: None)


def test_a_body_that_goes_into_a_sink_has_the_time_of_a_transfer(send: Send) -> None:
    with raw.talking(ENDLESS["a body"]) as url:
        late(send, url, r"not complete after 0\.7 s.*transfer_timeout", Kept(), transfer_timeout=0.7)


def test_a_body_in_memory_is_sent_within_timeout_not_connect_timeout(send: Send) -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.3)
        raw.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(connection)

    with raw.talking(slow) as url:
        where = target(url, connect_timeout=0.1, timeout=5)
        assert send(post(where, Content("text/plain", (bytes(20_000_000),))), where).content == b"ok"


def test_a_body_that_nobody_takes(send: Send) -> None:
    with raw.talking(lambda _connection: time.sleep(WITHIN)) as url:
        where = target(url, **BOUND)
        began = time.monotonic()
        with pytest.raises(NoAnswer, match="no answer within"):
            send(post(where, Content("text/plain", (bytes(20_000_000),))), where)
        assert time.monotonic() - began < WITHIN
