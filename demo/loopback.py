"""A small HTTP server on loopback: what the demo's and the tests' receivers have in common."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from demo.ports import LOOPBACK


class LoopbackServer(ThreadingHTTPServer):
    """The server; as a context manager it serves in a thread of this process. ``port`` 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[Handler], port: int = 0) -> None:
        super().__init__((LOOPBACK, port), handler)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; its users name the methods."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    # Head and body of an answer leave as one packet instead of waiting for each other's acknowledgement.
    wbufsize = -1

    @property
    def length(self) -> int:
        """Bytes of the request's body, as its sender says."""
        return int(self.headers.get("Content-Length") or 0)

    def answer(self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer; a caller that was killed does not need one."""
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if status != 204:  # it has no content, and no length either (RFC 9110, section 8.6)
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status != 204:
                self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: what came is remembered."""
