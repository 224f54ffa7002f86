"""A receiver: an HTTP server that verifies what a Dag sends, as another system would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from hookline.protocol.message import Headers, Message
from hookline.protocol.problem import Rejected
from hookline.protocol.source import parse
from hookline.testing.sender import SECRET

HOST = "127.0.0.1"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """One request.

    :param path: with its query.
    :param headers: names in lower case.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


class Receiver:
    """Verifies and remembers; as a context manager it serves in a thread of this process.

    :param auth_type: ``none``, ``basic``, ``bearer``, ``api_key``, ``hmac`` or ``standard_webhooks``.
    :param password: the secret that callers have.
    :param login: user name, for ``basic``.
    :param status: what it answers what it accepts; callable for one that fails at first.
    :param answer: JSON that it answers.
    :param extra: options of the scheme, as in a Connection.
    """

    def __init__(
        self,
        auth_type: str = "none",
        *,
        password: str = SECRET,
        login: str = "",
        status: int | Iterable[int] = 200,
        answer: Any = None,
        **extra: Any,
    ) -> None:
        self._credentials = (login, password, {**extra, "auth_type": auth_type})
        self._verifier = parse("receiver", login or None, password, self._credentials[2]).verifier
        self._statuses = iter(()) if isinstance(status, int) else iter(status)
        self._status = status if isinstance(status, int) else 200
        self._answer = json.dumps({"ok": True} if answer is None else answer).encode()
        self._changed = threading.Condition()
        self._server = _Server(self)
        self.received: list[Received] = []
        """What was genuine, in the order of arrival."""
        self.refused: list[Received] = []
        """What was not, answered with 401."""

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{HOST}:{self._server.server_port}"

    def connection(self) -> str:
        """Return the Connection that calls it rightly, as JSON for ``AIRFLOW_CONN_…``."""
        login, password, extra = self._credentials
        return json.dumps(
            {
                "conn_type": "http_connector",
                "schema": "http",
                "host": HOST,
                "port": self._server.server_port,
                "login": login or None,
                "password": None if extra["auth_type"] == "none" else password,
                "extra": {**extra, "allowed_networks": HOST},
            }
        )

    def wait(self, count: int = 1, seconds: float = 10) -> list[Received]:
        """Wait for ``count`` genuine requests and return them all.

        :raises AssertionError: they did not come.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(self.received) < count:
                if not self._changed.wait(deadline - time.monotonic()):
                    got = f"{len(self.received)} came, {len(self.refused)} were not genuine"
                    raise AssertionError(f"Waited {seconds:g} s for {count} requests: {got}.")
            return list(self.received)

    def take(self, request: Received) -> int:
        """Keep a request; return the status to answer."""
        path, _, query = request.path.partition("?")
        message = Message(
            method=request.method,
            url=self.url + request.path,
            event_path=path.strip("/"),
            query_string=query,
            headers=Headers((n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers.items()),
            content=request.body,
            received_at=datetime.now(UTC),
        )
        try:
            self._verifier.verify(message)
        except Rejected:
            genuine = False
        else:
            genuine = True
        with self._changed:
            (self.received if genuine else self.refused).append(request)
            self._changed.notify_all()
            return next(self._statuses, self._status) if genuine else 401

    def answer(self) -> bytes:
        """Return the body of its answers."""
        return self._answer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__((HOST, 0), _Handler)
        self.receiver = receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _take(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BYTES)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.server.receiver.answer()
        status = self.server.receiver.take(
            Received(self.command, self.path, headers, self.rfile.read(length))
        )
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815  the names http.server asks for

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: the tests' output is theirs."""
