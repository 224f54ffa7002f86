"""Values of unknown size and kind, made fit for a message."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from airflow.serialization.stringify import StringifyNotSupportedError, stringify

VALUE_BYTES = 65_536
"""Largest inputs, result or answers of a step, as compact JSON; larger ones are left out and said to be."""
MESSAGE_BYTES = 262_144
"""Largest sum of them in one message."""
STORED_BYTES = 8 * 1024 * 1024
"""Largest sum of them, and largest one, where a large message can go into object storage."""
TRUNCATED = "truncated"


class Budget:
    """How much values may still take in one message.

    :param storage: whether a large message can go into object storage.
    """

    def __init__(self, *, storage: bool = False) -> None:
        self._left = self._total = STORED_BYTES if storage else MESSAGE_BYTES
        self._each = STORED_BYTES if storage else VALUE_BYTES

    @property
    def taken(self) -> int:
        """Bytes of what was taken."""
        return self._total - self._left

    def has_room(self, size: int) -> bool:
        """Tell whether a value of so many bytes would be taken."""
        return size <= min(self._each, self._left)

    def take(self, value: Any, size: int | None = None) -> Any:
        """Return the value for JSON, or ``{"truncated": true, "bytes": …}`` in its place.

        :param size: what the database says of a value that was too large to be read.
        """
        if value is None:
            return None if size is None or size <= VALUE_BYTES else {TRUNCATED: True, "bytes": size}
        text = _dumped(value)
        if not self.has_room(len(text)):
            return {TRUNCATED: True, "bytes": len(text)}
        self._left -= len(text)
        return json.loads(text)


def readable(value: Any) -> Any:
    """Return what is stored of an XCom for people to read; nothing of it is made an object."""
    try:
        return stringify(value)
    except (StringifyNotSupportedError, TypeError, ValueError, KeyError, RecursionError):
        return value


def time(moment: datetime | None) -> str | None:
    """Return a time as RFC 3339, in UTC."""
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=str)
    except (TypeError, ValueError, RecursionError):
        # What is no JSON, as NaN: as text, which can always be said.
        return json.dumps(str(value)[:VALUE_BYTES])
