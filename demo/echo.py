"""A server that answers every request and remembers it: what the demo's Dags and the tests call.

``python -m demo.echo PORT`` serves on loopback. Every request is answered with ``{"ok": true, "id": N}``,
except ``GET /__received``, which tells the requests so far, oldest first::

    {"total": 2, "received": [{"id": 1, "method": "POST", "path": "/people", "headers": {...}, "body": "{}"}]}

It keeps the newest :data:`KEPT` requests and takes bodies up to :data:`BODY_BOUND` bytes.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from typing import Any

from demo.loopback import Handler, LoopbackServer

KEPT = 1000
BODY_BOUND = 1024 * 1024
RECEIVED = "/__received"


class EchoServer(LoopbackServer):
    """The server."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(EchoHandler, port)
        self._lock = threading.Lock()
        self._total = 0
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def remember(self, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
        """Keep a request; return its number, counted from 1."""
        with self._lock:
            self._total += 1
            request = {"id": self._total, "method": method, "path": path, "headers": headers}
            self._kept.append({**request, "body": body.decode(errors="replace")})
            return self._total

    def received(self) -> dict[str, Any]:
        """Return what ``GET /__received`` answers."""
        with self._lock:
            return {"total": self._total, "received": list(self._kept)}


class EchoHandler(Handler):
    """Answers one connection."""

    server: EchoServer

    def _echo(self) -> None:
        if self.length > BODY_BOUND:
            self.close_connection = True
            self._json(413, {"ok": False, "error": f"more than {BODY_BOUND} bytes"})
            return
        body = self.rfile.read(self.length)
        if self.command == "GET" and self.path == RECEIVED:
            self._json(200, self.server.received())
            return
        number = self.server.remember(self.command, self.path, dict(self.headers.items()), body)
        self._json(200, {"ok": True, "id": number})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _echo  # noqa: N815  the names http.server asks for

    def _json(self, status: int, value: object) -> None:
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


if __name__ == "__main__":
    EchoServer(int(sys.argv[1])).serve_forever()
