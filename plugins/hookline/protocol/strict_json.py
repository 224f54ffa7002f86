"""Reading JSON from strangers: RFC 8259, without what Python adds to it, and bounded in depth and number."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

MAX_DEPTH = 64
"""Arrays and objects within each other; GitHub's deepest recorded payload has 9."""
MAX_ELEMENTS = 1_000_000
"""Arrays, objects and commas: an empty object takes thirty times the memory of its three bytes."""
# A text is passed over whole, whatever stands in it; what is between texts is counted.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)

_QUOTE = ord('"')


class NotJson(ValueError):
    """The bytes are not a JSON text that is accepted; the message says why."""


def loads(body: bytes) -> Any:
    """Parse one JSON text.

    :param body: UTF-8, with or without byte order mark.
    :raises NotJson: not UTF-8, not JSON, ``NaN``, an infinite number, deeper than ``MAX_DEPTH``, or
        of more than ``MAX_ELEMENTS``.
    """
    require_few(body)
    if not body.strip():
        raise NotJson("The body is empty; a JSON value is expected.")
    try:
        value = _decoded(body)
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"The body is not JSON: {error.msg} at position {error.pos}.") from None
    except RecursionError:
        raise NotJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except NotJson:
        raise
    except ValueError:  # Python bounds the digits of an integer
        raise NotJson("The body has a number with too many digits.") from None
    # A body with few brackets cannot be deep, which spares most bodies the walk.
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > MAX_DEPTH and isinstance(value, dict | list) and _deeper_than(value, MAX_DEPTH):
        raise NotJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return value


def require_few(body: bytes) -> None:
    """Refuse a JSON text, or several after one another, before parsing takes the memory.

    :raises NotJson: it has more than :data:`MAX_ELEMENTS`.
    """
    # Bytes are counted in no time; only where texts might hold the difference it is looked at closely.
    if sum(map(body.count, (b"[", b"{", b","))) <= MAX_ELEMENTS:
        return
    elements = 0
    for token in _TOKEN.finditer(body):
        elements += body[token.start()] != _QUOTE
        if elements > MAX_ELEMENTS:
            raise NotJson(f"The body has more than {MAX_ELEMENTS} elements.")


def _decoded(body: bytes) -> Any:
    try:
        return _QUICK.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Python's own says what is wrong, and takes half a surrogate pair and a byte order mark.
        return _DECODER.decode(body.decode("utf-8-sig"))


def _no_constant(name: str) -> Any:
    raise NotJson(f"The body has {name}, which is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson("The body has a number that is too large.")
    return number


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]  # the arrays and objects that lie equally deep
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


_QUICK = msgspec.json.Decoder()
_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
