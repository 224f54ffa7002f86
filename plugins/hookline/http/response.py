"""An answer, from bytes to what a Dag works with."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from hookline.exceptions import UnexpectedStatus
from hookline.http import answer
from hookline.http.headers import bounded, masked, redacted
from hookline.http.request import Request
from hookline.http.storable import storable
from hookline.http.url import without_query

EXCERPT_CHARS = 300

# Decoding these takes time that grows with the square of the length.
_SLOW = frozenset({"idna", "punycode"})
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Received:
    """An answer as a transport read it: decompressed, bounded, not yet understood.

    :param headers: several fields of one name joined by ``", "`` (RFC 9110 section 5.3).
    :param saved: what stands for a body that went into a :class:`~hookline.http.sink.Sink`.
    :param size: bytes of the body, after decompression.
    :param unread: why there is no body although one was sent.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    saved: Any = field(default=None, repr=False)
    size: int = 0
    unread: str = ""

    def header(self, name: str) -> str | None:
        """Return a header's value, whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)

    @property
    def content_type(self) -> Message:
        """The ``Content-Type`` header, parsed; without one, ``get_content_type()`` is ``text/plain``."""
        message = Message()
        message["Content-Type"] = bounded(self.header("content-type") or "")
        try:
            message.get_params()
        except (ValueError, TypeError, LookupError):  # parameters that RFC 2231 does not know
            message.replace_header("Content-Type", message.get_content_type())
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
    :param body: see :mod:`hookline.http.answer`; of a saved body what stands for it.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    def xcom(self) -> dict[str, Any]:
        """Return ``{"status": int, "headers": {name: text}, "body": …}``, fit for every XCom backend.

        Headers that carry secrets are ``***``; NUL and lone surrogates become U+FFFD.

        :raises UnreadableAnswer: JSON nested deeper than :data:`hookline.http.body.MAX_DEPTH`.
        """
        return {
            "status": self.status,
            "headers": storable(masked(self.headers)),
            "body": storable(self.body),
        }


def unexpected(request: Request, received: Received, secrets: Iterable[str] = ()) -> UnexpectedStatus:
    """Return the error for a status that is none of success.

    Its message has method, address without query, status and the body's beginning, without ``secrets``.
    """
    status = received.status
    message = f"{request} -> {status}"
    location = received.header("location")
    if 300 <= status < 400 and location:
        target = without_query(location, request.url)
        further = " any further" if request.method in {"GET", "HEAD"} else ""
        message += f": redirected to {redacted(target, secrets)}"
        message += f"; redirects are not followed{further}, call that address"
    if received.content:
        message += f": {received.excerpt(secrets)}"
    elif received.unread:
        message += f": its body cannot be shown, {received.unread}"
    return UnexpectedStatus(message, status)


def read(received: Received) -> Answer:
    """Understand the body, see :mod:`hookline.http.answer`.

    :raises UnreadableAnswer: it is not what its content type says.
    """
    headers = {name.lower(): value for name, value in received.headers.items()}
    body = received.saved
    if body is None:
        body = answer.parse(received.content, received.content_type, received.text)
    return Answer(received.status, headers, body)
