"""An answer, from bytes to what a Dag works with."""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qs

from hookline.exceptions import UnexpectedStatus, UnreadableAnswer
from hookline.http.body import MAX_DEPTH
from hookline.http.headers import masked, redacted
from hookline.http.request import Request
from hookline.http.url import without_query

EXCERPT_CHARS = 300
MAX_FORM_FIELDS = 10_000

log = logging.getLogger(__name__)

# Decoding these takes time that grows with the square of the length.
_SLOW = frozenset({"idna", "punycode"})
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# PostgreSQL's JSONB refuses NUL, UTF-8 refuses half a surrogate pair: such an XCom would fail the task.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Received:
    """An answer as a transport read it: decompressed, bounded, not yet understood.

    :param headers: several fields of one name joined by ``", "`` (RFC 9110 section 5.3).
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def content_type(self) -> Message:
        """The ``Content-Type`` header, parsed; without one, ``get_content_type()`` is ``text/plain``."""
        message = Message()
        message["Content-Type"] = next(
            (value for name, value in self.headers.items() if name.lower() == "content-type"), ""
        )
        return message

    def text(self) -> str:
        """Decode by the charset of the content type, UTF-8 without one; what does not fit becomes U+FFFD."""
        try:
            charset = codecs.lookup(str(self.content_type.get_param("charset", "utf-8"))).name
            return self.content.decode("utf-8" if charset in _SLOW else charset, "replace")
        except (LookupError, ValueError):
            return self.content.decode("utf-8", "replace")

    def excerpt(self, secrets: Iterable[str] = (), chars: int = EXCERPT_CHARS) -> str:
        """Return the beginning of the body in one line for a message, without ``secrets``."""
        text = _UNPRINTABLE.sub(" ", redacted(self.text(), secrets)).strip()
        return text if len(text) <= chars else f"{text[:chars]}…"


@dataclass(frozen=True)
class Answer:
    """What the other side answered.

    :param headers: names in lower case; nothing is hidden here.
    :param body: JSON: its value; form: ``{name: text or list of texts}``; text: text; otherwise None.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    def xcom(self) -> dict[str, Any]:
        """Return ``{"status": int, "headers": {name: text}, "body": …}``, fit for every XCom backend.

        Headers that carry secrets are ``***``; NUL and lone surrogates become U+FFFD.

        :raises UnreadableAnswer: JSON nested deeper than :data:`hookline.http.body.MAX_DEPTH`.
        """
        return {"status": self.status, "headers": masked(self.headers), "body": _storable(self.body, 0)}


def require_status(
    request: Request, received: Received, expected: int | Collection[int] | None, secrets: Iterable[str] = ()
) -> None:
    """Return if the status is one of ``expected``, or 2xx when that is None.

    :raises UnexpectedStatus: with method, address without query, status and the body's beginning.
    """
    status = received.status
    accepted = range(200, 300) if expected is None else [expected] if isinstance(expected, int) else expected
    if status in accepted:
        return
    message = f"{request} -> {status}"
    location = next((value for name, value in received.headers.items() if name.lower() == "location"), "")
    if 300 <= status < 400 and location:
        target = without_query(location, request.url)
        message += (
            f": redirected to {redacted(target, secrets)}; redirects are not followed, call that address"
        )
    if received.content:
        message += f": {received.excerpt(secrets)}"
    raise UnexpectedStatus(message, status)


def read(received: Received) -> Answer:
    """Understand the body by its content type; one that is not known gives None and a logged line.

    :raises UnreadableAnswer: it says JSON or form but is not.
    """
    headers = {name.lower(): value for name, value in received.headers.items()}
    return Answer(received.status, headers, _body(received))


def _body(received: Received) -> Any:
    kind = received.content_type
    media_type = kind.get_content_type() if kind["Content-Type"] else ""
    if not received.content:
        return None
    if media_type == "application/json" or media_type.endswith("+json"):
        return _json(received)
    if media_type == "application/x-www-form-urlencoded":
        return _form(received.text())
    if media_type == "application/xml" or media_type.startswith("text/") or media_type.endswith("+xml"):
        return received.text()
    with contextlib.suppress(UnicodeDecodeError):
        if not media_type:
            return received.content.decode()
    log.warning(
        "The answer's %d bytes of %s are left out: neither JSON nor form nor text",
        len(received.content),
        media_type or "unnamed type",
    )
    return None


def _json(received: Received) -> Any:
    # UTF-8 by RFC 8259 section 8.1, and what json detects; another charset only if the answer names it.
    named = str(received.content_type.get_param("charset", "utf-8")).lower()
    content = received.content if named.startswith("utf") else received.text()
    try:
        return json.loads(content, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise UnreadableAnswer(f"the answer says it is JSON but is not: {reason}") from None


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _form(text: str) -> dict[str, str | list[str]]:
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise UnreadableAnswer(f"the answer's form cannot be read: {error}") from None
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _storable(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise UnreadableAnswer(f"the answer's JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_storable(name, depth): _storable(item, depth + 1) for name, item in value.items()}
    return value
