"""JSON (RFC 8259); what JSON has no word for, NaN and infinities, is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from email.message import Message
from typing import Any

from hookline.exceptions import UnreadableAnswer


def parse(content: bytes, kind: Message, text: Callable[[], str]) -> Any:
    """Return the value.

    :raises UnreadableAnswer: it is not JSON.
    """
    # UTF-8 by RFC 8259 section 8.1, and what json detects; another charset only if the answer names it.
    named = str(kind.get_param("charset", "utf-8")).lower()
    try:
        return json.loads(
            content if named.startswith("utf") else text(), parse_constant=_no_number, parse_float=_finite
        )
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
