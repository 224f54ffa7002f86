"""An HTTP API that behaves as its paths say, and remembers every request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.request import Request, urlopen


class Api(ThreadingHTTPServer):
    """``/status/404`` answers 404, ``/flaky/…`` 503 once, ``/later`` 429, ``/slow/…`` slowly.

    ``/callback`` posts to the ``url`` of its body before it answers.
    """

    daemon_threads = True
    request_queue_size = 128
    slowness = 6.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[dict[str, Any]] = []
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Return the requests to a path, and to what is below it."""
        return [one for one in self.got if one["path"].startswith(path)]

    def remember(self, request: dict[str, Any]) -> int:
        """Keep a request; return how many its path has had."""
        with self._lock:
            self.got.append(request)
            self._seen[request["path"]] += 1
            return self._seen[request["path"]]

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"
    timeout = 60

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = {"method": self.command, "path": path, "query": query, "headers": headers, "body": body}
        number = self.server.remember(request)
        kind, _, rest = path.strip("/").partition("/")
        if kind == "callback":
            urlopen(Request(json.loads(body)["url"], data=b"{}", method="POST"), timeout=30).close()
        if kind == "slow":
            time.sleep(self.server.slowness)
        status = {"status": rest, "flaky": "503" if number == 1 else "200", "later": "429"}.get(kind, "200")
        self._answer(int(status), {"Retry-After": "600"} if kind == "later" else {})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815  the names http.server asks for

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        content = json.dumps({"id": "an-answer-nobody-logs"}).encode()
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the caller was killed

    def log_message(self, *_arguments: Any) -> None:
        pass
