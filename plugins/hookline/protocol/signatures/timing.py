"""When a request was signed: read in the vendor's unit, and close enough to its arrival."""

from __future__ import annotations

import re
from datetime import datetime

from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated

DEFAULT_TOLERANCE = 300
"""Seconds."""
_CALLED = {
    "s": "a time in Unix seconds",
    "ms": "a time in Unix milliseconds",
    "iso": "a time such as 2026-01-31T12:00:00Z",
}
_FORMS = {
    "s": re.compile(r"[0-9]{1,12}"),
    "ms": re.compile(r"[0-9]{1,15}"),
    "iso": re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
    ),
}


def check(text: str, *, unit: str, name: str, message: Message, tolerance: int) -> None:
    """Accept a time that lies at most ``tolerance`` seconds before or after the arrival.

    :param unit: ``s``, ``ms`` or ``iso`` (RFC 3339).
    :param name: of the header or field, for the operator.
    :raises Rejected: it is no time, or too far off.
    """
    seconds = _seconds(text, unit)
    if seconds is None:
        raise unauthenticated(f"`{name}` is not {_CALLED[unit]}.")
    off = message.received_at.timestamp() - seconds
    if abs(off) > tolerance:
        raise unauthenticated(
            f"`{name}` is {abs(off):.0f} s {'old' if off > 0 else 'ahead'}; {tolerance} s are allowed."
        )


def written(moment: datetime, unit: str) -> str:
    """Return a time as the sender would write it."""
    if unit == "iso":
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(int(moment.timestamp() * (1000 if unit == "ms" else 1)))


def _seconds(text: str, unit: str) -> float | None:
    if not _FORMS[unit].fullmatch(text):
        return None
    try:
        if unit == "iso":
            return datetime.fromisoformat(text).timestamp()
        return int(text) / (1000 if unit == "ms" else 1)
    except (ValueError, OverflowError):
        return None
