"""From an event's name to the Dag that runs for it, one-to-one.

A dag id is the source's prefix and the event type's segments, joined by dots. Whatever a dag id or this
rule could confuse is escaped as ``_xHH``, byte by byte in UTF-8: upper case, dots and every other character
but ``[a-z0-9_-]``, a slug called ``any``, and an underscore that would read as an escape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hookline.exceptions import NamingError

MAX_DAG_ID = 250
ANY = "any"
"""Stands in a dag id for whatever slug an event has."""
GROUPS = frozenset({"users", "teams", "datastore_forms", "datastore_submissions", "submissions"})
"""First parts of the platform's dag ids; a kapp of that name is escaped."""

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_NEEDS_NOTHING = re.compile(r"(?:[a-z0-9-]|_(?!x))+")
_ESCAPE = re.compile(r"_x([0-9A-F]{2})")


def escape(segment: str, *, reserved: frozenset[str] = frozenset({ANY})) -> str:
    """Return ``segment`` as it stands in a dag id.

    :param reserved: words with a meaning in this place; a segment that is one has its first letter escaped.
    :raises NamingError: it is empty, or holds a lone surrogate.
    """
    if not segment:
        raise NamingError("An event name has an empty part.")
    if _NEEDS_NOTHING.fullmatch(segment) and segment not in reserved:
        return segment
    try:
        raw = segment.encode("utf-8")
    except UnicodeEncodeError:
        raise NamingError("An event name holds a lone surrogate, which is no character.") from None
    if segment in reserved:
        return _escaped(raw[0]) + segment[1:]
    text = "".join(chr(byte) if byte in _PLAIN else f"\0{byte:02X}" for byte in raw)
    return _ESCAPE.sub(r"_x5Fx\1", text).replace("\0", "_x")


def unescape(part: str, *, reserved: frozenset[str] = frozenset({ANY})) -> str:
    """Return the segment that :func:`escape` made ``part`` from.

    :raises NamingError: no segment gives this part.
    """
    raw = re.sub(r"_x([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), part)
    try:
        segment = raw.encode("latin-1").decode("utf-8")
        if escape(segment, reserved=reserved) == part:
            return segment
    except (UnicodeError, NamingError):
        pass
    written = f"; it would be `{escape(part)}`" if part else ""
    raise NamingError(f"`{part}` is not how an event name is written in a dag id{written}.")


def dag_id(prefix: str, segments: Sequence[str]) -> str:
    """Return the exact dag id of an event.

    :param prefix: the source's ``dag_prefix``; empty for a source that sends platform events.
    :param segments: the event type's parts, unescaped.
    :raises NamingError: a part cannot be written, or the id is longer than 250 characters.
    """
    return joined([escape(part) for part in ([prefix] if prefix else []) + list(segments)])


def joined(parts: Sequence[str]) -> str:
    """Join escaped parts.

    :raises NamingError: there are none, or the dag id is longer than 250 characters.
    """
    name = ".".join(parts)
    if not name:
        raise NamingError("An event without a name has no dag id.")
    if len(name) > MAX_DAG_ID:
        raise NamingError(f"The dag id would have {len(name)} characters; Airflow takes {MAX_DAG_ID}.")
    return name


def split(name: str) -> list[str | None]:
    """Return the segments that a dag id is made from, None where ``any`` stands for one.

    :raises NamingError: the dag id is none that this rule makes, with the part that is wrong.
    """
    first, *rest = joined(name.split(".")).split(".")
    # Only in this place, and only before others, a group's name is one to escape.
    reserved = GROUPS | {ANY} if first.startswith("_x") and rest else frozenset({ANY})
    return [
        None if first == ANY else unescape(first, reserved=reserved),
        *(None if part == ANY else unescape(part) for part in rest),
    ]


def _escaped(byte: int) -> str:
    return f"_x{byte:02X}"
