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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from demo.ports import LOOPBACK

KEPT = 1000
BODY_BOUND = 1024 * 1024
RECEIVED = "/__received"


class EchoServer(ThreadingHTTPServer):
    """The server; as a context manager it serves in a thread of this process. ``port`` 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), EchoHandler)
        self._lock = threading.Lock()
        self._total = 0
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.server_port}"

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

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class EchoHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: EchoServer
    protocol_version = "HTTP/1.1"
    timeout = 30
    # Head and body of an answer leave as one packet instead of waiting for each other's acknowledgement.
    wbufsize = -1

    def _echo(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BOUND:
            self.close_connection = True
            self._answer(413, {"ok": False, "error": f"more than {BODY_BOUND} bytes"})
            return
        body = self.rfile.read(length)
        if self.command == "GET" and self.path == RECEIVED:
            self._answer(200, self.server.received())
            return
        number = self.server.remember(self.command, self.path, dict(self.headers.items()), body)
        self._answer(200, {"ok": True, "id": number})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _echo  # noqa: N815  the names http.server asks for

    def _answer(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    EchoServer(int(sys.argv[1])).serve_forever()
