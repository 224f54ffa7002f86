"""One inbound HTTP request, as bytes and text, detached from the server that received it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, unquote_to_bytes

from hookline.protocol import extent
from hookline.protocol.extent import Content
from hookline.protocol.problem import MALFORMED, Rejected

MAX_QUERY_FIELDS = 100


class Headers:
    """Header fields of a request, names in lower case, repetitions kept (RFC 9110, section 5.2).

    :param fields: ``(name, value)`` pairs as ASGI gives them, values read as Latin-1.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            # Only space and tab are white space: a UTF-8 secret may end in a byte that Latin-1 calls one.
            self._fields.setdefault(name.decode("latin-1").lower(), []).append(
                value.decode("latin-1").strip(" \t")
            )

    def get(self, name: str) -> str | None:
        """Return the value of ``name``, or None when it is absent or repeated.

        A repeated credential or signature is ambiguous, and reading any one of them invites smuggling.
        """
        values = self._fields.get(name.lower(), [])
        return values[0] if len(values) == 1 else None

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields

    def items(self) -> Iterable[tuple[str, str]]:
        """Yield each name once, repetitions joined by a comma (RFC 9110, section 5.3)."""
        return ((name, ", ".join(values)) for name, values in self._fields.items())


@dataclass(frozen=True, slots=True)
class Message:
    """An inbound request with its whole body.

    :param method: upper-case method.
    :param url: absolute URL the sender used, as far as the server can tell.
    :param event_path: what follows ``/hooks/in/{source}/``, still percent-encoded, no slash at either end.
    :param query_string: raw query, without the question mark.
    :param content: the raw bytes, exactly as received; of a large body an extent of a temporary file.
    :param received_at: aware time of arrival.
    """

    method: str
    url: str
    event_path: str
    query_string: str
    headers: Headers
    content: Content
    received_at: datetime
    query: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Decode the query.

        :raises Rejected: it has more than 100 fields or is not percent-encoded UTF-8.
        """
        if not self.query_string:
            object.__setattr__(self, "query", ())
            return
        try:
            fields = parse_qsl(
                self.query_string, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
            )
        except ValueError:
            raise Rejected(MALFORMED, "The query string has too many fields or is not UTF-8.") from None
        object.__setattr__(self, "query", tuple(fields))

    @property
    def body(self) -> bytes:
        """The whole body in memory; :meth:`pieces` costs less where it is large."""
        return extent.whole(self.content)

    def pieces(self) -> Iterable[bytes]:
        """Return the body in pieces, to go through as often as wanted."""
        return extent.pieces(self.content)

    def path_segments(self) -> tuple[str, ...]:
        """Return the event path's decoded segments; an encoded slash stays inside its segment.

        :raises Rejected: a segment is empty or not percent-encoded UTF-8.
        """
        if not self.event_path:
            return ()
        try:
            segments = tuple(unquote_to_bytes(part).decode("utf-8") for part in self.event_path.split("/"))
        except UnicodeError:
            raise Rejected(MALFORMED, "The event path is not percent-encoded UTF-8.") from None
        if not all(segments):
            raise Rejected(MALFORMED, "The event path has an empty segment.")
        return segments
