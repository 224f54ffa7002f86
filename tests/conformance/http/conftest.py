"""A real HTTP server on loopback that keeps what it got, and Connections from the environment."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from airflow.sdk.io import store
from fsspec.implementations.memory import MemoryFileSystem

LOOPBACK = "127.0.0.0/8, ::1"
Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Got:
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """``respond`` writes the answer; without it the answer is ``200 {"ok": true}``."""

    port: int
    got: list[Got] = field(default_factory=list)
    respond: Respond | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Respond:
    """Make a ``respond`` that always answers the same."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return respond


OK = answer(200, {"Content-Type": "application/json", "Set-Cookie": "sid=1"}, b'{"ok": true}')


def _start(wrap: Callable[[ThreadingHTTPServer], None] | None = None) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True  # the client went away, as some tests make it

        def parse_request(self) -> bool:
            parsed = super().parse_request()
            if parsed:
                setattr(self, f"do_{self.command}", self.take)
            return parsed

        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.got.append(Got(self.command, self.path, headers, body))
            (server.respond or OK)(self)

        def log_message(self, *_arguments: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.block_on_close = False
    if wrap:
        wrap(httpd)
    server = Server(httpd.server_address[1])
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def in_turn(*responds: Respond) -> Respond:
    """Make a ``respond`` that answers one way after the other, and the last way from then on."""
    left = list(responds)

    def respond(handler: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return respond


def json_answer(value: Any, status: int = 200, **headers: str) -> Respond:
    """Make a ``respond`` that answers with JSON; ``_`` in names of headers is a dash."""
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer(status, {"Content-Type": "application/json", **fields}, json.dumps(value).encode())


@pytest.fixture(params=["worker", "triggerer"])
def lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One of the ways an operator's call is made, see :mod:`tests.conformance.http.lanes`."""
    from tests.conformance.http.lanes import Triggerer, through_a_worker

    return through_a_worker if request.param == "worker" else Triggerer(monkeypatch)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """A storage that is no folder of this machine; gives its URL."""
    monkeypatch.setattr(store, "_STORE_CACHE", {})
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    store.attach("memory", fs=MemoryFileSystem())
    return "memory://bucket"


@pytest.fixture
def server() -> Iterator[Server]:
    """The server that a Connection names."""
    yield from _start()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """Another server, which must not see anything."""
    yield from _start()


@pytest.fixture
def tls_server(tmp_path: Any) -> Iterator[tuple[Server, str]]:
    """A server on https with a certificate nobody knows, and the path of that certificate."""
    from tests.conformance.http.certificate import certify

    context, path = certify(tmp_path)

    def wrap(httpd: ThreadingHTTPServer) -> None:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)

    for server in _start(wrap):
        yield server, path


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make a Connection in the environment, as people do without the metadata database; return its id."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    # For calls that have a URL and no Connection.
    monkeypatch.setenv("AIRFLOW__HOOKLINE__ALLOWED_NETWORKS", LOOPBACK)

    def make(
        host: str, auth_type: str | None = "none", conn_type: str = "http_connector", **fields: Any
    ) -> str:
        names = {"login", "password", "schema", "port"} & set(fields)
        extra = {"allowed_networks": LOOPBACK, "backoff": 0.01}
        extra |= {name: value for name, value in fields.items() if name not in names}
        connection = {
            "conn_type": conn_type,
            "host": host,
            **{name: fields[name] for name in names},
            "extra": {**extra, **({"auth_type": auth_type} if auth_type else {})},
        }
        monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(connection))
        return "crm"

    return make
