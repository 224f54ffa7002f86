"""What the hook does when the other side, or the way there, misbehaves."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError, NoAnswer, UnexpectedStatus, UnreadableAnswer
from hookline.hooks.http import HttpConnectorHook
from hookline.operators.http import HttpGetOperator
from tests.conformance.http.conftest import Server, answer
from tests.conformance.http.lanes import Triggerer

Connect = Callable[..., str]
SECRET = {"auth_type": "bearer", "password": "s3cret"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, elsewhere: Server, connect: Connect, status: int) -> None:
    server.respond = answer(status, {"Location": f"{elsewhere.url}/in?token=s3cret"}, b"moved")
    with (
        HttpConnectorHook(connect(server.url, **SECRET)) as hook,
        pytest.raises(UnexpectedStatus) as raised,
    ):
        hook.call("POST", "a?key=s3cret", body={"x": "s3cret"})
    assert str(raised.value) == (
        f"POST {server.url}/a -> {status}: redirected to {elsewhere.url}/in; "
        "redirects are not followed, call that address: moved"
    )
    assert (len(server.got), elsewhere.got) == (1, [])


def test_a_redirect_can_be_expected(server: Server, elsewhere: Server, connect: Connect) -> None:
    server.respond = answer(303, {"Location": elsewhere.url})
    with HttpConnectorHook(connect(server.url, **SECRET)) as hook:
        assert hook.call("POST", expected_status=[200, 303]).headers["location"] == elsewhere.url
    assert elsewhere.got == []


def test_credentials_are_not_sent_to_another_server(
    server: Server, elsewhere: Server, connect: Connect
) -> None:
    with (
        HttpConnectorHook(connect(server.url, **SECRET)) as hook,
        pytest.raises(ConfigurationError, match="only; use another Connection, or none"),
    ):
        hook.call("POST", url=elsewhere.url)
    assert elsewhere.got == []


def test_netrc_is_not_read(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with HttpConnectorHook(connect(server.url)) as hook:
        hook.call("POST")
    assert "authorization" not in server.got[0].headers


def test_the_proxy_of_the_environment_is_used(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    http_conn_id = connect("http://api.example.invalid/v2", **SECRET)
    monkeypatch.setenv("http_proxy", f"http://ann:pr0xy@127.0.0.1:{server.port}")
    with HttpConnectorHook(http_conn_id) as hook:
        hook.call("POST", "users")
    assert server.got[0].target == "http://api.example.invalid/v2/users"
    assert server.got[0].headers["proxy-authorization"].startswith("Basic ")


def test_a_proxy_that_is_not_there(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    http_conn_id = connect("http://api.example.invalid", **SECRET)
    monkeypatch.setenv("http_proxy", f"http://ann:s3cret@127.0.0.1:{free_port()}")
    assert "check HTTP_PROXY" in no_answer(http_conn_id)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def no_answer(http_conn_id: str) -> str:
    """Call, expect ``NoAnswer``, and return its message, which holds neither query nor secret."""
    with HttpConnectorHook(http_conn_id) as hook, pytest.raises(NoAnswer) as raised:
        hook.call("POST", "users?key=s3cret", body={})
    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    return str(raised.value)


def test_connection_refused(connect: Connect) -> None:
    port = free_port()
    assert no_answer(connect(f"http://127.0.0.1:{port}", **SECRET)) == (
        f"POST http://127.0.0.1:{port}/users: nothing listens there (connection refused), nothing was sent; "
        "check host and port"
    )


def test_unknown_host(connect: Connect) -> None:
    assert "the host name is not known, nothing was sent" in no_answer(connect("http://nowhere.invalid"))


def test_no_answer_in_time(server: Server, connect: Connect) -> None:
    server.respond = lambda _handler: time.sleep(1)
    assert no_answer(connect(server.url, timeout=0.1)) == (
        f"POST {server.url}/users: no answer within 0.1 s, the request may have been carried out; "
        "raise the Connection's timeout"
    )


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def test_a_body_that_drips_is_given_up(server: Server, connect: Connect) -> None:
    server.respond = drip
    message = no_answer(connect(server.url, timeout=0.15, connect_timeout=0.15))
    assert "the body was not complete after 0.3 s" in message


def half(handler: BaseHTTPRequestHandler) -> None:
    answer(200, {"Content-Length": "10"}, b"half")(handler)
    handler.close_connection = True


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def broken_gzip(handler: BaseHTTPRequestHandler) -> None:
    answer(200, {"Content-Encoding": "gzip"}, b"not gzip")(handler)


@pytest.mark.parametrize(
    ("respond", "says"),
    [
        pytest.param(half, "the connection broke", id="half a body"),
        pytest.param(hang_up, "may have been carried out", id="no answer at all"),
        pytest.param(broken_gzip, "compression is broken", id="broken compression"),
    ],
)
def test_a_broken_answer(server: Server, connect: Connect, respond: Any, says: str) -> None:
    server.respond = respond
    assert says in no_answer(connect(server.url))
    assert len(server.got) == 1


def chunked(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(answer(200, {}, b"x" * 1001), id="plain"),
        pytest.param(chunked, id="chunked"),
        pytest.param(
            answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 10**7)),
            id="compressed a thousandfold",
        ),
    ],
)
def test_an_answer_larger_than_allowed(server: Server, connect: Connect, respond: Any) -> None:
    server.respond = respond
    with (
        HttpConnectorHook(connect(server.url, max_response_bytes=1000)) as hook,
        pytest.raises(UnreadableAnswer, match="over 1000 bytes; ask for less"),
    ):
        hook.call("POST", "users?key=s3cret")


@pytest.mark.parametrize(
    ("headers", "content"),
    [({}, b"x" * 1000), ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 1000, mtime=0))],
    ids=["plain", "gzip"],
)
def test_an_answer_just_as_large_as_allowed(
    server: Server, connect: Connect, headers: dict[str, str], content: bytes
) -> None:
    server.respond = answer(200, {"Content-Type": "text/plain", **headers}, content)
    with HttpConnectorHook(connect(server.url, max_response_bytes=1000)) as hook:
        assert hook.call("POST").body == "x" * 1000


def test_an_echoed_secret_is_not_shown(server: Server, connect: Connect) -> None:
    server.respond = answer(400, {}, b'{"you sent": {"Authorization": "Bearer s3cret", "X-Token": "t0ken"}}')
    with (
        HttpConnectorHook(connect(server.url, **SECRET)) as hook,
        pytest.raises(UnexpectedStatus) as raised,
    ):
        hook.call("POST", headers={"X-Token": "t0ken"})
    assert str(raised.value).endswith('{"you sent": {"Authorization": "***", "X-Token": "***"}}')


def test_connections_are_kept_open_between_calls(server: Server, connect: Connect) -> None:
    ports = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        answer(200, {"Content-Type": "application/json"}, b"{}")(handler)

    server.respond = respond
    with HttpConnectorHook(connect(server.url)) as hook:
        hook.call("POST")
        hook.call("POST")
    assert len(set(ports)) == 1


def test_a_certificate_nobody_knows_is_refused(tls_server: tuple[Server, str], connect: Connect) -> None:
    server, _ = tls_server
    message = no_answer(connect(f"https://127.0.0.1:{server.port}", **SECRET))
    assert "the certificate is not trusted (self-signed certificate), nothing was sent" in message
    assert server.got == []


def test_a_certificate_is_trusted_by_its_bundle(tls_server: tuple[Server, str], connect: Connect) -> None:
    server, bundle = tls_server
    with HttpConnectorHook(connect(f"127.0.0.1:{server.port}", verify=bundle)) as hook:
        assert hook.call("POST").status == 200


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_verification_can_be_switched_off_with_a_warning(
    tls_server: tuple[Server, str], connect: Connect, capfd: pytest.CaptureFixture[str]
) -> None:
    server, _ = tls_server
    with HttpConnectorHook(connect(f"127.0.0.1:{server.port}", verify=False)) as hook:
        assert hook.call("POST").status == 200
    assert "TLS certificates are not verified: extra `verify` of crm" in capfd.readouterr().out


def test_the_triggerer_warns_too(
    tls_server: tuple[Server, str], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = tls_server
    triggerer = Triggerer(monkeypatch)
    triggerer(HttpGetOperator, http_conn_id=connect(f"127.0.0.1:{server.port}", verify=False))
    assert triggerer.said[0] == "TLS certificates are not verified: extra `verify` of crm"


def test_a_bundle_that_is_not_there(connect: Connect) -> None:
    with (
        HttpConnectorHook(connect("https://h", verify="/no/such.pem")) as hook,
        pytest.raises(ConfigurationError, match=r"the CA bundle /no/such\.pem does not exist"),
    ):
        hook.call("POST")


def test_https_to_a_port_that_speaks_http(server: Server, connect: Connect) -> None:
    message = no_answer(connect(f"https://127.0.0.1:{server.port}"))
    assert "check whether this port speaks https" in message
