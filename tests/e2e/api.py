"""An HTTP API that behaves as its paths say, and remembers every request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from demo.loopback import Handler, LoopbackServer


class Api(LoopbackServer):
    """``/status/404`` answers 404, ``/flaky/…`` 503 once, ``/later`` 429, ``/slow/…`` slowly.

    ``/callback`` posts to the ``url`` of its body before it answers.

    :param folder: where those that call it find what they need.
    """

    slowness = 6.0

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(_Handler)
        self.folder = folder or Path()
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


class _Handler(Handler):
    server: Api

    def _take(self) -> None:
        body = self.rfile.read(self.length)
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
        later = {"Retry-After": "600"} if kind == "later" else {}
        content = json.dumps({"id": "an-answer-nobody-logs"}).encode()
        self.answer(int(status), content, {**later, "Content-Type": "application/json"})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815  the names http.server asks for
