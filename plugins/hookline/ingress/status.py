"""``GET /hooks/status/{token}``: what has become of one event, for the one who sent it.

The token names the event and is signed with ``[api] secret_key``, which all replicas share; none is stored.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any

from starlette.responses import JSONResponse

from hookline.ingress.answer import PUBLIC
from hookline.ingress.outcomes import Outcomes
from hookline.protocol.outcome import UNKNOWN, Key

VALID_SECONDS = 24 * 3600
PATIENCE = 10.0
MAX_CHARS = 2000
_TAG = 32


class Tokens:
    """Makes and reads the tokens of status URLs.

    :param secret: shared by all replicas.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode("utf-8", "surrogatepass"), b"hookline status", "sha256")

    def make(self, key: Key, now: float | None = None) -> str:
        """Return the token of an event; it is valid for a day."""
        expires = int((time.time() if now is None else now) + VALID_SECONDS)
        text = json.dumps([*key, expires]).encode("ascii")
        return base64.urlsafe_b64encode(self._tag(text) + text).rstrip(b"=").decode("ascii")

    def read(self, token: str, now: float | None = None) -> Key | None:
        """Return the event, None if the token is not ours or not valid any more."""
        if len(token) > MAX_CHARS:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        tag, text = raw[:_TAG], raw[_TAG:]
        if not hmac.compare_digest(tag, self._tag(text)):
            return None
        source, event_id, expires = json.loads(text)
        return (source, event_id) if expires > (time.time() if now is None else now) else None

    def _tag(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, hashlib.sha256)


class Status:
    """Answers status URLs; all that ask at the same time share one look at the database."""

    def __init__(self, tokens: Tokens, outcomes: Outcomes) -> None:
        self._tokens = tokens
        self._outcomes = outcomes

    async def answer(self, token: str) -> JSONResponse:
        """Answer with the state of the event, and what a task answered."""
        key = self._tokens.read(token)
        if key is None:
            return _problem(404, "Not Found", "This status URL is not, or no longer, valid.")
        asked = self._outcomes.ask(key)
        if asked is None:
            return _busy()
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = await asked
        except (TimeoutError, asyncio.CancelledError):
            if (current := asyncio.current_task()) and current.cancelling():
                raise
            return _busy()
        if outcome.status == UNKNOWN:
            return _problem(404, "Not Found", "The event is not kept any more.")
        shown: dict[str, Any] = {"event_id": key[1], "status": outcome.status}
        if outcome.response is not None:
            response = outcome.response
            shown["response"] = {
                "status": response.status,
                "headers": dict(response.headers),
                "body": response.content.decode("utf-8"),
            }
        return JSONResponse(shown, headers=PUBLIC)


def _busy() -> JSONResponse:
    return _problem(503, "Service Unavailable", "The state cannot be read now.", {"Retry-After": "5"})


def _problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status_code=status,
        headers={**PUBLIC, **(headers or {})},
        media_type="application/problem+json",
    )
