"""What every XCom backend and the metadata database can store."""

from __future__ import annotations

import re
from typing import Any

from hookline.exceptions import UnreadableAnswer
from hookline.http.body import MAX_DEPTH

# PostgreSQL's JSONB refuses NUL, UTF-8 refuses half a surrogate pair: such a value would fail the task.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def storable(value: Any, depth: int = 0) -> Any:
    """Return ``value``, JSON, with U+FFFD for NUL and lone surrogates.

    :raises UnreadableAnswer: nested deeper than :data:`hookline.http.body.MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise UnreadableAnswer(f"the answer's JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {storable(name, depth): storable(item, depth + 1) for name, item in value.items()}
    return value
