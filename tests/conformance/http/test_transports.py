"""What both transports do alike: addresses, limits, failures, files."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError, EgressRefused, NoAnswer, UnreadableAnswer
from hookline.http.async_transport import AsyncTransport
from hookline.http.body import Content, File
from hookline.http.request import Request, compose
from hookline.http.response import Received
from hookline.http.sink import SinkFor
from hookline.http.target import Target, from_fields
from hookline.http.transport import Transport
from tests.conformance.http.conftest import Server, answer

Send = Callable[..., Received]


def synchronously(request: Request, target: Target, save: SinkFor | None = None) -> Received:
    with Transport() as transport:
        return transport.send(request, target, save)


def asynchronously(request: Request, target: Target, save: SinkFor | None = None) -> Received:
    async def send() -> Received:
        async with AsyncTransport() as transport:
            return await transport.send(request, target, save)

    return asyncio.run(send())


@pytest.fixture(params=[synchronously, asynchronously], ids=["requests", "httpx"])
def send(request: pytest.FixtureRequest, connect: Callable[..., str]) -> Send:
    """One of the transports, without the environment's proxies."""
    return request.param


def target(host: str, **extra: Any) -> Target:
    return from_fields(host=host, extra={"auth_type": "none", "allowed_networks": "127.0.0.1, ::1", **extra})


def post(where: Target, body: Content | None = None) -> Request:
    return compose(where, "POST", "users?key=s3cret", content=body)


class Kept:
    """A sink that keeps what it was given."""

    def __init__(self) -> None:
        self.content = b""
        self.end = ""

    def __call__(self, _url: str, _status: int, _headers: Mapping[str, str]) -> Kept:
        return self

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def close(self) -> dict[str, int]:
        self.end = "closed"
        return {"size": len(self.content)}

    def abort(self) -> None:
        self.end = "aborted"


# Addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f.0.0.1", "0177.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
        "localhost", "0.0.0.0",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused_in_every_notation(server: Server, send: Send, host: str) -> None:
    where = target(f"http://{host}:{server.port}", allowed_networks="")
    with pytest.raises(EgressRefused, match="is not a public address") as raised:
        send(post(where), where)
    assert server.got == []
    assert "s3cret" not in str(raised.value)


def resolving(monkeypatch: pytest.MonkeyPatch, port: int, *answers: list[str]) -> list[str]:
    """Have names resolve to one list of addresses after the other; return the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: Any, *_arguments: Any, **_options: Any) -> list[Any]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_looked_up_once(server: Server, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, server.port, ["127.0.0.1"], ["127.0.0.2"])
    where = target(f"http://rebind.example:{server.port}")
    assert send(post(where), where).status == 200
    assert len(asked) == 1
    assert server.got[0].headers["host"] == f"rebind.example:{server.port}"


def test_a_name_that_is_public_first_and_private_then_is_refused(
    server: Server, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, server.port, ["192.0.2.1"], ["127.0.0.1"])
    where = target(f"http://rebind.example:{server.port}", allowed_networks="192.0.2.1", connect_timeout=0.3)
    for _ in range(2):
        with pytest.raises((NoAnswer, EgressRefused)):
            send(post(where), where)
    assert server.got == []


def test_a_name_with_a_public_and_a_private_address_is_refused(
    server: Server, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, server.port, ["1.1.1.1", "127.0.0.1"])
    where = target(f"http://both.example:{server.port}", allowed_networks="")
    with pytest.raises(EgressRefused, match=r"both\.example \(127\.0\.0\.1\)"):
        send(post(where), where)
    assert server.got == []


def test_the_next_address_is_tried(server: Server, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, server.port, ["127.0.0.99", "127.0.0.1"])
    where = target(f"http://two.example:{server.port}", allowed_networks="127.0.0.0/8")
    assert send(post(where), where).status == 200


def test_the_certificate_is_checked_against_the_name(
    tls_server: tuple[Server, str], send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bundle = tls_server
    resolving(monkeypatch, server.port, ["127.0.0.1"])
    where = target(f"https://other.example:{server.port}", verify=bundle)
    with pytest.raises(NoAnswer, match="the certificate is not trusted") as raised:
        send(post(where), where)
    assert raised.value.final
    assert server.got == []


def test_a_proxy_is_not_asked_for_private_addresses(server: Server, send: Send) -> None:
    where = target("http://2130706433/", allowed_networks="", proxy=server.url)
    with pytest.raises(EgressRefused):
        send(post(where), where)
    assert server.got == []


def test_the_proxy_of_the_connection_is_used(server: Server, send: Send) -> None:
    where = target(
        "http://api.example.invalid/v2", proxy=server.url, proxy_login="ann", proxy_password="pr0:xy"
    )
    assert send(post(where), where).status == 200
    got = server.got[0]
    assert got.target == "http://api.example.invalid/v2/users?key=s3cret"
    assert got.headers["proxy-authorization"] == "Basic YW5uOnByMDp4eQ=="


def test_a_proxy_of_the_environment_is_used(
    server: Server, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    where = target("http://api.example.invalid/v2")
    assert send(post(where), where).status == 200
    monkeypatch.setenv("no_proxy", "api.example.invalid")
    with pytest.raises(NoAnswer, match="host name is not known"):
        send(post(where), where)


def test_a_proxy_that_is_none_of_http_s(server: Server, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://ann:s3cret@127.0.0.1:9")
    where = target(server.url)
    with pytest.raises(ConfigurationError, match="neither http nor https") as raised:
        send(post(where), where)
    assert "s3cret" not in str(raised.value)


# Failures


def test_nothing_listens(send: Send) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        where = target(f"http://127.0.0.1:{sock.getsockname()[1]}")
        with pytest.raises(NoAnswer, match="nothing listens there") as raised:
            send(post(where), where)
    assert "nothing was sent" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_an_answer_that_does_not_come(server: Server, send: Send) -> None:
    server.respond = lambda _handler: time.sleep(1)
    where = target(server.url, timeout=0.1)
    with pytest.raises(NoAnswer, match=r"no answer within 0\.1 s, the request may have been carried out"):
        send(post(where), where)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def test_a_body_that_drips(server: Server, send: Send) -> None:
    server.respond = drip
    where = target(server.url, timeout=0.15, connect_timeout=0.15)
    with pytest.raises(NoAnswer, match=r"the body was not complete after 0\.3 s"):
        send(post(where), where)


ENCODED = {
    "gzip": gzip.compress(b"x" * 1000),
    "gzip, two members": gzip.compress(b"x" * 500) + gzip.compress(b"x" * 500),
    "deflate": zlib.compress(b"x" * 1000),
    "deflate without wrapper": zlib.compress(b"x" * 1000)[2:-4],
}


@pytest.mark.parametrize("kind", ENCODED)
def test_compressed_answers(server: Server, send: Send, kind: str) -> None:
    server.respond = answer(
        200, {"Content-Encoding": kind.split(",", maxsplit=1)[0].split(maxsplit=1)[0]}, ENCODED[kind]
    )
    where = target(server.url, max_response_bytes=1000)
    assert send(post(where), where).content == b"x" * 1000


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("gzip", b"not gzip"), ("gzip", ENCODED["gzip"][:-9]), ("br", b"x"), ("gzip, gzip", b"x")],
    ids=["rubbish", "cut", "not asked for", "twice"],
)
def test_answers_that_cannot_be_decompressed(
    server: Server, send: Send, encoding: str, content: bytes
) -> None:
    server.respond = answer(200, {"Content-Encoding": encoding}, content)
    where = target(server.url)
    with pytest.raises(NoAnswer, match="compression is broken"):
        send(post(where), where)


@pytest.mark.parametrize(
    ("headers", "content"),
    [({}, b"x" * 1001), ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 10**8))],
    ids=["plain", "a bomb"],
)
def test_answers_that_are_too_large(
    server: Server, send: Send, headers: dict[str, str], content: bytes
) -> None:
    server.respond = answer(200, headers, content)
    where = target(server.url, max_response_bytes=1000)
    with pytest.raises(UnreadableAnswer, match="over 1000 bytes"):
        send(post(where), where)


# Files


def file(path: Path, size: int | None) -> Content:
    return Content(
        "application/pdf", (b"<", File("f.pdf", "application/pdf", lambda: path.open("rb"), size), b">")
    )


def test_a_file_is_sent_with_its_length(server: Server, send: Send, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 200_000)
    where = target(server.url)
    send(post(where, file(tmp_path / "f", 200_000)), where)
    assert server.got[0].body == b"<" + b"x" * 200_000 + b">"
    assert "transfer-encoding" not in server.got[0].headers


def test_a_file_that_changed_is_an_error(server: Server, send: Send, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 100)
    where = target(server.url)
    with pytest.raises(NoAnswer, match=r"the file f\.pdf changed.*may have been carried out") as raised:
        send(post(where, file(tmp_path / "f", 200)), where)
    assert raised.value.final


def test_a_file_that_is_gone_when_it_is_sent(server: Server, send: Send, tmp_path: Path) -> None:
    where = target(server.url)
    with pytest.raises(NoAnswer, match=r"a file cannot be read .*may have been carried out"):
        send(post(where, file(tmp_path / "f", 200)), where)


@pytest.mark.parametrize(
    "code", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EMFILE], ids=errno.errorcode.get
)
def test_a_connection_that_cannot_be_made_carries_nothing(
    server: Server, send: Send, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def unreachable(*_arguments: Any, **_options: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", unreachable)
    where = target(server.url)
    with pytest.raises(NoAnswer, match=f"{os.strerror(code)}.*, nothing was sent"):
        send(post(where), where)


def test_no_log_holds_the_query(server: Server, send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    where = target(server.url)
    send(post(where), where)
    assert caplog.messages
    assert "s3cret" not in caplog.text


def test_a_body_that_is_too_large_is_not_begun(server: Server, send: Send, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 2000)
    where = target(server.url, max_request_bytes=1000)
    with pytest.raises(ConfigurationError, match="over 1000 bytes"):
        send(post(where, file(tmp_path / "f", 2000)), where)
    assert server.got == []


def test_a_body_goes_into_a_sink(server: Server, send: Send) -> None:
    server.respond = answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 10**6))
    where = replace(target(server.url), max_response_bytes=10)
    sink = Kept()
    received = send(post(where), where, sink)
    assert (received.saved, received.content, sink.end) == ({"size": 10**6}, b"", "closed")


def test_a_sink_is_bounded_and_left_empty(server: Server, send: Send) -> None:
    server.respond = answer(200, {}, b"x" * 1001)
    where = target(server.url, max_file_bytes=1000)
    sink = Kept()
    with pytest.raises(UnreadableAnswer, match="raise max_file_bytes"):
        send(post(where), where, sink)
    assert sink.end == "aborted"


MEMORY = Path(__file__).with_name("memory.py")


@pytest.mark.parametrize("lane", ["requests", "httpx"])
@pytest.mark.parametrize("direction", ["upload", "download"])
def test_a_gibibyte_takes_little_memory(direction: str, lane: str) -> None:
    done = subprocess.run(
        [sys.executable, str(MEMORY), direction, lane], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    sent, grown = map(int, done.stdout.split())
    assert sent == 2**30
    assert grown < 64 * 2**20


def test_cancelling_closes_the_connection(server: Server, connect: Callable[..., str]) -> None:
    closed = threading.Event()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(5)
        if handler.connection.recv(1) == b"":
            closed.set()

    server.respond = respond
    where = target(server.url)

    async def cancelled() -> None:
        async with AsyncTransport() as transport:
            sending = asyncio.create_task(transport.send(post(where), where))
            while not server.got:
                await asyncio.sleep(0.01)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(cancelled())
    assert closed.wait(5)
