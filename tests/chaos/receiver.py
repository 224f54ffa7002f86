"""The other system: verifies Standard Webhooks by its specification, and is as unreliable as others are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import socket
import threading
import time
from collections import Counter
from typing import Any

from demo.loopback import Handler, LoopbackServer

SECRET = base64.b64encode(b"a-secret-of-the-chaos-ledger").decode()
REFUSED = 0.02
UNANSWERED = 0.02
"""Shares of the requests that it refuses, and that it takes without an answer."""


class Receiver(LoopbackServer):
    """Remembers who told what: ``taken`` is by ``webhook-id``, ``forged`` what nobody signed.

    :param seed: of its unreliability.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(_Handler)
        self.taken: dict[str, dict[str, Any]] = {}
        self.times: Counter[str] = Counter()
        self.forged = 0
        self.down = False
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def connection(self) -> str:
        """Return the Connection that calls it."""
        extra = {"auth_type": "standard_webhooks", "allowed_networks": "127.0.0.1"}
        return json.dumps(
            {
                "conn_type": "http_connector",
                "schema": "http",
                "host": "127.0.0.1",
                "port": self.server_port,
                "password": SECRET,
                "extra": extra,
            }
        )

    def take(self, headers: Any, body: bytes) -> int | None:
        """Keep a message; return the status to answer, or None for no answer."""
        message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        digest = hmac.digest(base64.b64decode(SECRET), f"{message}.{stamp}.".encode() + body, hashlib.sha256)
        signed = f"v1,{base64.b64encode(digest).decode()}" in headers.get("webhook-signature", "").split()
        with self._lock:
            if not signed or abs(time.time() - int(stamp)) > 300:
                self.forged += 1
                return 401
            fate = self._random.random()
            if fate < REFUSED:
                return 503
            self.times[message] += 1
            self.taken[message] = json.loads(body)
            return None if fate < REFUSED + UNANSWERED else 204

    def go_down(self) -> None:
        """Refuse connections, and end those that there are."""
        self.down = True
        self.shutdown()
        self.server_close()

    def come_up(self) -> None:
        """Listen again, at the same port."""
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        self.down = False
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Handler(Handler):
    server: Receiver

    def _take(self) -> None:
        body = self.rfile.read(self.length)
        status = None if self.server.down else self.server.take(self.headers, body)
        if status is None:
            self.close_connection = True
        else:
            self.answer(status)

    do_POST = _take  # noqa: N815  the name http.server asks for
