"""``application/json`` (RFC 8259), compact, UTF-8.

Beyond what JSON has:

=============================  ==================================================
Python                         JSON
=============================  ==================================================
``datetime``, ``date``,        string, ISO 8601 as ``isoformat()`` writes it
``time`` (pendulum too)
``timedelta``                  number of seconds
``Decimal``                    string, so that no digit is lost
``UUID``                       string
``Enum``                       its value
other mappings, sequences      object, array (tuples and lazy XCom sequences too)
``NaN``, infinities, bytes,    refused: ``ConfigurationError`` that names the place
sets, anything else
=============================  ==================================================
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from hookline.exceptions import ConfigurationError
from hookline.http.body.content import Content, utf8

MAX_DEPTH = 200


def encode(value: Any, send_null: bool, fields: Mapping[str, str]) -> Content:
    """Return the body with ``fields`` added at the top.

    A string is taken to be a JSON document already, as the template ``{{ data | tojson }}`` makes it.

    :raises ConfigurationError: a value that JSON has no word for, a string that is not JSON, nesting deeper
        than :data:`MAX_DEPTH`, or no object where there are ``fields``.
    """
    if isinstance(value, str):
        value = _parsed(value)
    if fields:
        if not isinstance(value, Mapping):
            raise ConfigurationError("auth_type client_secret needs a JSON object as body, to write into it")
        if taken := fields.keys() & value.keys():
            raise ConfigurationError(
                f"body holds {min(taken)}, and the Connection's auth_type writes it too; drop one of them"
            )
        value = {**value, **fields}
    tree = _tree(value, "body", 0)
    return _written(tree if send_null else _without_null(tree))


def _written(tree: Any) -> Content:
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Content("application/json", (utf8(text),))


def plain(value: Any) -> Any:
    """Return ``value`` as the scalar of JSON that stands for it, or unchanged if the table above has none."""
    match value:
        case Enum():
            return plain(value.value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal() if value.is_finite():
            return str(value)
        case UUID():
            return str(value)
    return value


def _tree(value: Any, place: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ConfigurationError(f"body is nested deeper than {MAX_DEPTH} levels, or contains itself")
    value = plain(value)
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case float() | Decimal():
            raise ConfigurationError(f"{place} is {value}, and JSON has no such number; send null or text")
        case bytes() | bytearray() | memoryview():
            raise ConfigurationError(f"{place} is bytes; decode it, or encode it as Base64 text")
        case Mapping():
            return {_key(key, place): _tree(item, f"{place}.{key}", depth + 1) for key, item in value.items()}
        case Sequence():
            return [_tree(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
    raise ConfigurationError(
        f"{place} is a {type(value).__name__}; give text, numbers, lists or dictionaries"
    )


def _without_null(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_null(item) for key, item in tree.items() if item is not None}
    if isinstance(tree, list):
        return [_without_null(item) for item in tree]
    return tree


def _key(key: object, place: str) -> str:
    key = plain(key)
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    raise ConfigurationError(f"{place} has the key {key!r}; keys are text or whole numbers")


def _parsed(document: str) -> Any:
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        raise ConfigurationError(
            "body is a string but not a JSON document. Give a dictionary or list; in a template write "
            "{{ value | tojson }}, or set render_template_as_native_obj=True on the Dag"
        ) from None
