"""One connection: uvicorn's protocol, with the bounds that it lacks.

uvicorn's httptools protocol waits for ever for a head, and keeps whatever stands in one (0.54,
``uvicorn/protocols/http/httptools_impl.py``); its end closes connections on which a request may be under way.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hookline.gateway.certificates import Context
from hookline.ingress.answer import PUBLIC, send_problem
from hookline.protocol.problem import HEADERS_TOO_LARGE, MALFORMED, TIMED_OUT, UNAVAILABLE, Rejected

HEAD_BYTES = 128 * 1024
"""More than the application takes, so that it is the application that says what is wrong."""
FRAMING = 8
"""Bytes that may stand around each byte of a body: chunks of one byte take five more."""
LINGER_SECONDS = 2.0
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*", re.IGNORECASE)
"""With it Java and others offer HTTP/2 (RFC 9110, section 7.8); nobody has to take it up."""
LIVE = "/hooks/health/live"


class Config(uvicorn.Config):
    """uvicorn's, and what this protocol needs.

    :param head_seconds: within which the head of a request must have arrived.
    :param most_connections: of one process; who comes after is answered 503.
    """

    def __init__(self, app: Any, *, head_seconds: float, most_connections: int, **options: Any) -> None:
        super().__init__(app, http=Connection, ws="none", **options)
        self.head_seconds = head_seconds
        self.most_connections = most_connections
        self.leaving = False
        """Whether the process is to end: each connection is closed after its next answer."""


class Connection(HttpToolsProtocol):
    """One client's connection."""

    config: Config

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = False
        self._around = 0  # bytes of the message so far that are no body
        self._body = 0
        self._tls: dict[str, Any] | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin; a client that says nothing is not waited for."""
        super().connection_made(transport)
        encryption = transport.get_extra_info("ssl_object")
        if encryption is not None:
            self._tls = {"tls": _extension(encryption)}
            if isinstance(encryption.context, Context) and not encryption.context.trusts(encryption):
                transport.abort()  # unlike a close this also has OpenSSL forget the session
                return
        if len(self.connections) > self.config.most_connections:
            self.app = _Overloaded(self.app)
        self._wait(self.config.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        if self._in_head or not self._around:
            data = _without_upgrade(data)
        self._around += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._around > HEAD_BYTES + FRAMING * self._body:
            self._refuse(Rejected(HEADERS_TOO_LARGE, "The header fields are far too large."))
        elif not self._in_head:
            self._wait_no_more()
        elif self._timer is None:
            self._wait(self.config.head_seconds)

    def on_message_begin(self) -> None:
        """Begin a request (a callback of the parser, as the following ones)."""
        super().on_message_begin()
        self._in_head = True
        if self._tls is not None:
            self.scope["extensions"] = self._tls

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        super().on_headers_complete()
        self._in_head = False
        if self.config.leaving:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._around -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        super().on_message_complete()
        self._around = self._body = 0

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP (called by uvicorn), in the words of the other refusals."""
        self._refuse(Rejected(MALFORMED, msg))

    def shutdown(self) -> None:
        """Close after the answer that is owed; a client that is owed none may have a request under way."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self._wait(LINGER_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._wait_no_more()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head:
            seconds = self.config.head_seconds
            self._refuse(Rejected(TIMED_OUT, f"The head did not arrive within {seconds:g} s."))
        else:
            self.transport.close()

    def _refuse(self, rejected: Rejected) -> None:
        # While the application has a request, its answer would get mixed up with this one.
        if self.cycle is None or self.cycle.response_complete:
            content = json.dumps(rejected.body()).encode("ascii")
            fields = {
                "content-type": "application/problem+json",
                "content-length": str(len(content)),
                "connection": "close",
                **PUBLIC,
            }
            lines = [
                f"HTTP/1.1 {rejected.problem.status} ",
                *(f"{n}: {v}" for n, v in fields.items()),
                "",
                "",
            ]
            self.transport.write("\r\n".join(lines).encode("ascii") + content)
        self.transport.close()


class _Overloaded:
    """Answers who comes when there are too many; not those who ask whether the process lives."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == LIVE:
            await self._app(scope, receive, send)
            return
        busy = Rejected(
            UNAVAILABLE, "Too many connections are open; send it again.", headers={"Retry-After": "5"}
        )
        await send_problem(send, busy, close=True)


def _without_upgrade(data: bytes) -> bytes:
    # httptools 0.9 drops the body of a request that offers an upgrade (``parser.pyx``, on_headers_complete).
    if b"upgrade" not in data.lower():  # an expression that ignores case takes ten times as long
        return data
    end = data.find(b"\r\n\r\n")
    end = len(data) if end < 0 else end
    if _UPGRADE.search(data, 0, end) is None:
        return data
    return _UPGRADE.sub(b"", data[:end]) + data[end:]


def _extension(encryption: ssl.SSLObject) -> dict[str, Any]:
    """Return what ASGI's TLS extension (0.2) tells the application."""
    presented = encryption.getpeercert(binary_form=True)
    # Without verification there would be no request for a certificate either; nobody is to rely on that.
    verified = presented is not None and encryption.context.verify_mode is not ssl.CERT_NONE
    return {
        "server_cert": None,
        "client_cert_chain": [ssl.DER_cert_to_PEM_cert(presented)] if verified and presented else [],
        "client_cert_name": None,
        "client_cert_error": None,
        "tls_version": None,
        "cipher_suite": None,
    }
