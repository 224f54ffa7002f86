"""How a request arrives: slowly, without end, cut off, or as no HTTP client would send it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookline.ingress.request import DISCARD_BYTES, Disconnected, Stream, read
from hookline.protocol.bounds import Bounds
from hookline.protocol.problem import Rejected
from tests.unit.conftest import Query
from tests.unit.ingress.server import Server

HEAD = b"POST /hooks/in/%s HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module", params=["h11", "httptools"])
def bare(
    request: pytest.FixtureRequest, settings: pytest.MonkeyPatch, database_file: Path
) -> Iterator[Server]:
    """A server with each of the parsers that uvicorn may use."""
    with Server(http=request.param) as server:
        yield server


def answer(connection: socket.socket) -> tuple[int, dict[str, str], dict[str, Any], bool]:
    """Return status, headers and body, and whether the server closed the connection after it."""
    data = b""
    closed = False
    while b"\r\n\r\n" not in data:
        data += (part := connection.recv(65536))
        assert part, f"closed before an answer: {data!r}"
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    connection.settimeout(0.5)
    try:
        closed = connection.recv(1) == b""
    except TimeoutError:
        closed = False
    except ConnectionError:
        closed = True
    return int(status.split()[1]), headers, json.loads(body), closed


def test_a_chunked_body_is_taken(bare: Server) -> None:
    assert bare.post("shop", iter([b'{"a"', b": 1}"])).status_code == 202


def test_a_declared_body_that_is_too_large_is_refused_unread(bare: Server) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"small" + b"Content-Length: 101\r\n\r\n")
        status, _, body, closed = answer(connection)
    assert (status, body["type"], closed) == (413, "urn:hookline:problem:too-large", True)


def test_a_declared_length_of_hundreds_of_digits_is_refused(bare: Server) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"small" + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n")
        assert b" 4" in connection.recv(65536).split(b"\r\n")[0]


def test_a_body_without_end_is_refused_at_the_limit(bare: Server) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"small" + b"Transfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"40\r\n" + b" " * 64 + b"\r\n" + b"40\r\n" + b" " * 64 + b"\r\n")
        status, _, body, closed = answer(connection)
    assert (status, body["type"], closed) == (413, "urn:hookline:problem:too-large", True)


def test_a_body_that_does_not_arrive_in_time_is_refused(bare: Server) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"shop" + b"Content-Length: 10\r\n\r\n{")
        status, _, body, closed = answer(connection)
    assert (status, body["type"], closed) == (408, "urn:hookline:problem:request-timeout", True)


def test_a_body_that_trickles_is_refused_all_the_same(bare: Server) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"shop" + b"Transfer-Encoding: chunked\r\n\r\n")
        connection.settimeout(0.05)
        received = b""
        while not received:
            connection.sendall(b"1\r\n \r\n")
            try:
                received = connection.recv(65536)
            except TimeoutError:
                continue
    assert received.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(("path", "status"), [(b"nobody", 404), (b"misspelt", 503), (b"gets", 405)])
def test_a_refusal_before_the_body_does_not_wait_for_it(bare: Server, path: bytes, status: int) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % path + b"Content-Length: 1000\r\n\r\n{")
        seen, _, _, closed = answer(connection)
    assert (seen, closed) == (status, True)


@pytest.mark.parametrize(("path", "status"), [(b"nobody", 404), (b"small", 413)])
def test_a_client_that_is_still_sending_gets_the_refusal(bare: Server, path: bytes, status: int) -> None:
    # Closing at once would reset its connection, and take the answer with it.
    with bare.connect() as connection:
        connection.sendall(HEAD % path + b"Content-Length: 1000\r\n\r\n")
        for _ in range(10):
            time.sleep(0.01)
            connection.sendall(b" " * 100)
        seen, _, _, closed = answer(connection)
    assert (seen, closed) == (status, False)


def test_a_refusal_after_the_body_leaves_the_connection_open(bare: Server) -> None:
    with bare.connect() as connection:
        for _ in range(2):
            connection.sendall(HEAD % b"shop" + b"Content-Length: 1\r\n\r\n{")
            status, _, _, closed = answer(connection)
            assert (status, closed) == (400, False)
            connection.settimeout(30)


def test_a_client_that_leaves_is_forgotten(bare: Server, query: Query, capfd: Any) -> None:
    with bare.connect() as connection:
        connection.sendall(HEAD % b"shop" + b"Content-Length: 10\r\n\r\n{")
    assert bare.post("shop", X_Id="after").status_code == 202
    assert query("SELECT event_id FROM hookline_event") == [("after",)]
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "target",
    [
        b"shop/%ff",
        b"shop/\xe9",
        b"shop?\xe9",
        b"shop?a=%",
        b"shop/%",
        b"shop/%u0041",
        b"%00",
        b"shop#x",
        b"..",
        b"shop/;a=b",
    ],
)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_odd_target_is_answered(bare: Server, capfd: Any, target: bytes, version: bytes) -> None:
    with bare.connect() as connection:
        connection.sendall(
            b"POST /hooks/in/"
            + target
            + b" HTTP/"
            + version
            + b"\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
        )
        status = int(connection.recv(65536).split()[1])
    assert status in (202, 400, 404)
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("path", [b"shop", b"nobody", b""])
def test_a_websocket_is_refused(bare: Server, capfd: Any, path: bytes) -> None:
    with bare.connect() as connection:
        connection.sendall(
            b"GET /hooks/in/"
            + path
            + b" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert connection.recv(65536).split()[1] in (b"403", b"404", b"405")
    assert "Traceback" not in "".join(capfd.readouterr())


SCOPE = {
    "headers": [],
    "query_string": b"",
    "method": "POST",
    "scheme": "http",
    "raw_path": b"/hooks/in/shop",
}
PART = {"type": "http.request", "body": b"a" * 60, "more_body": True}
LAST = {"type": "http.request", "body": b"a" * 60, "more_body": False}
GONE = {"type": "http.disconnect"}


async def parts_asked_for(parts: list[dict[str, Any]], raises: type[Exception]) -> int:
    """Read a body of ``parts``, 100 bytes of which are allowed."""
    rest = iter(parts)

    async def receive() -> dict[str, Any]:
        return next(rest)

    with pytest.raises(raises):
        await read(dict(SCOPE), Stream(receive), event_path="", bounds=Bounds(100), seconds=10)
    return len(parts) - len(list(rest))


def test_nothing_is_kept_after_the_limit() -> None:
    assert asyncio.run(parts_asked_for([PART] * 100, Rejected)) == 2


def test_nothing_is_read_after_the_client_left() -> None:
    assert asyncio.run(parts_asked_for([PART, GONE, PART], Disconnected)) == 2


async def parts_dropped(part: dict[str, Any]) -> int:
    """Discard an endless body of ``part`` and return how many were asked for."""
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return part

    await Stream(receive).discard()
    return asked


def test_what_a_refused_client_still_sends_is_dropped_up_to_a_bound() -> None:
    assert asyncio.run(parts_dropped(PART | {"body": b"a" * 65536})) == DISCARD_BYTES // 65536


def test_a_body_that_is_complete_is_not_waited_for() -> None:
    assert asyncio.run(parts_dropped(LAST)) == 1
