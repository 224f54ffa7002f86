"""Asking servers on this machine, with the standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple

# Loopback is never behind a proxy, whatever the environment says.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ANSWER_BOUND = 16 * 1024 * 1024


class Answer(NamedTuple):
    """Status, headers (names in lower case) and body of a response; status 0 when no server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body, or None when it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def request(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> Answer:
    """Send one request and return the answer, of whatever status. ``timeout`` is in seconds."""
    message = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310  our own
    try:
        with _opener.open(message, timeout=timeout) as response:
            return Answer(response.status, _lower(response.headers), response.read(ANSWER_BOUND))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read(ANSWER_BOUND))
    except OSError:
        return Answer(0, {}, b"")


def request_json(
    method: str, url: str, value: object = None, *, token: str | None = None, timeout: float = 10.0
) -> Answer:
    """Send ``value``, if any, as JSON, with a bearer token, if any."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = None
    if value is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(value).encode()
    return request(method, url, body=body, headers=headers, timeout=timeout)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
