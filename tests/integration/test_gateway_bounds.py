"""What one connection to the gateway may take: time, bytes, and its place among the others."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.ports import LOOPBACK
from demo.stack import airflow
from tests.integration.gateway import Gateway

HEADER_SECONDS = 1
MOST = 20


@pytest.fixture(scope="module")
def gateway(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    options = ("--header-timeout", str(HEADER_SECONDS), "--limit-concurrency", str(MOST))
    with Gateway(environment, tmp_path_factory.mktemp("gateway") / "log", *options) as running:
        yield running
        assert running.terminate() == 0
        assert "Traceback" not in running.log.read_text()


def send(gateway: Gateway, content: bytes) -> bytes:
    """Return all that comes back until the gateway closes the connection."""
    with socket.create_connection((LOOPBACK, gateway.port), timeout=20) as connection:
        connection.sendall(content)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_a_head_that_never_ends_is_waited_for_no_longer_than_said(gateway: Gateway) -> None:
    answer = send(gateway, b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\nX-Slow: ")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "urn:hookline:problem:request-timeout"


def test_a_second_head_on_a_connection_has_the_same_time(gateway: Gateway) -> None:
    first = b"GET /hooks/health/live HTTP/1.1\r\nHost: test\r\n\r\n"

    assert b"HTTP/1.1 408 " in send(gateway, first + b"POST /hooks/in/open HTTP/1.1\r\n")


def test_a_client_that_says_nothing_is_let_go(gateway: Gateway) -> None:
    assert send(gateway, b"") == b""


@pytest.mark.parametrize(
    "content",
    [
        b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\nX-Long: " + b"x" * 300_000,
        b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\n" + b"X-Many: x\r\n" * 30_000,
        b"POST /" + b"x" * 300_000,
    ],
    ids=["one field", "many fields", "target"],
)
def test_a_head_without_end_is_refused(gateway: Gateway, content: bytes) -> None:
    try:
        answer = send(gateway, content)
    except (ConnectionResetError, BrokenPipeError):
        return  # it was closed while the rest was on its way
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("content", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_what_is_no_http_is_refused_like_anything_else(gateway: Gateway, content: bytes) -> None:
    head, _, body = send(gateway, content).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["type"] == "urn:hookline:problem:malformed"


def test_trailers_without_end_are_cut_off(gateway: Gateway) -> None:
    head = b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    with socket.create_connection((LOOPBACK, gateway.port), timeout=20) as connection:
        connection.sendall(head)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall((b"X-Trailer: " + b"x" * 1000 + b"\r\n") * 30_000)


def test_chunks_of_one_byte_are_a_request_like_others(gateway: Gateway) -> None:
    body = b'{"text": "' + b"x" * 50_000 + b'"}'
    head = b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)

    answer = send(gateway, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 202 ")


def test_a_client_that_offers_another_protocol_is_answered_in_this_one(gateway: Gateway) -> None:
    body = b'{"text": "\\r\\nUpgrade: h2c"}'
    head = (
        b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\n"
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: %d\r\n\r\n" % len(body)
    )

    assert send(gateway, head + body).startswith(b"HTTP/1.1 202 ")


def test_who_comes_when_it_is_full_is_told_so_and_the_probe_is_not(gateway: Gateway) -> None:
    held = [socket.create_connection((LOOPBACK, gateway.port), timeout=20) for _ in range(MOST)]
    try:
        busy = send(gateway, b"POST /hooks/in/open HTTP/1.1\r\nHost: test\r\n\r\n")
        probe = send(gateway, b"GET /hooks/health/live HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    finally:
        for connection in held:
            connection.close()

    assert busy.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 5\r\n" in busy
    assert probe.startswith(b"HTTP/1.1 200 ")


def test_the_rest_of_airflow_is_not_served(gateway: Gateway) -> None:
    for path in (b"/", b"/api/v2/version", b"/docs", b"/hooks/", b"/openapi.json"):
        answer = send(gateway, b"GET " + path + b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 404 "), path


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--port", "{port}"], "Cannot listen on 127.0.0.1:{port}: Address already in use."),
        (["--port", "{port}", "--workers", "2"], "Cannot listen on 127.0.0.1:{port}"),
        (["--workers", "0"], "--workers takes at least 1."),
        (["--ssl-certfile", "/nowhere"], "The certificate cannot be used: No such file"),
        (["--ssl-keyfile", "/nowhere"], "--ssl-keyfile needs --ssl-certfile."),
        (["--ssl-certfile", "/nowhere", "--ssl-cert-reqs", "required"], "needs --ssl-ca-certs"),
    ],
    ids=["port taken", "port taken, several", "no workers", "no certificate", "key alone", "no authorities"],
)
def test_what_cannot_begin_says_why(
    gateway: Gateway, environment: dict[str, str], options: list[str], says: str
) -> None:
    given = [option.format(port=gateway.port) for option in options]
    done = subprocess.run(
        airflow("hookline", "gateway", "--host", LOOPBACK, *given),
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert says.format(port=gateway.port) in done.stderr
    assert "Traceback" not in done.stderr


def test_an_option_that_cannot_be_meant_ends_all_processes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    broken = {**environment, "AIRFLOW__HOOKLINE__REQUEST_TIMEOUT": "soon"}
    with Gateway(broken, tmp_path / "log", "--workers", "2", ready=False) as running:
        assert running.process.wait(60) == 1
        assert "request_timeout is `soon`" in running.log.read_text()
