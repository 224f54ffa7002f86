"""``application/x-www-form-urlencoded`` (WHATWG URL, section 5), and what forms have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from hookline.exceptions import ConfigurationError
from hookline.http.body.content import Content, File, utf8
from hookline.http.body.json import plain

MAX_FIELDS = 10_000


def encode(value: Any, send_null: bool, fields: Mapping[str, str]) -> Content:
    """Return the body.

    :raises ConfigurationError: not an object of text, numbers, booleans, dates or lists of them.
    """
    pairs = [
        (utf8(name), utf8(as_text(name, item)))
        for name, item in entries(value, send_null, fields, "urlencoded")
    ]
    return Content("application/x-www-form-urlencoded", (urlencode(pairs).encode("ascii"),))


def entries(
    value: Any, send_null: bool, fields: Mapping[str, str], body_type: str
) -> Iterator[tuple[str, Any]]:
    """Yield names and single values, lists taken apart; None only if it is to be sent.

    :raises ConfigurationError: ``value`` is no object, has one of ``fields`` already, or has too many fields.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"body is a {type(value).__name__}; body_type {body_type} sends an object of fields"
        )
    if taken := fields.keys() & value.keys():
        raise ConfigurationError(
            f"body holds {min(taken)}, and the Connection's auth_type writes it too; drop one of them"
        )
    count = 0
    for name, item in [*value.items(), *fields.items()]:
        if not isinstance(name, str):
            raise ConfigurationError(f"body has the key {name!r}; names of fields are text")
        for single in _items(item):
            if single is None and not send_null:
                continue
            count += 1
            if count > MAX_FIELDS:
                raise ConfigurationError(f"body has more than {MAX_FIELDS} fields")
            yield name, single


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return value
    return (value,)


def as_text(name: str, value: Any) -> str:
    """Return a field as text; None is empty, true and false are written as in JSON.

    :raises ConfigurationError: it is nothing that one field can be.
    """
    value = plain(value)
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case File() | bytes() | bytearray() | memoryview():
            raise ConfigurationError(f"body.{name} is a file; use body_type form_data")
    raise ConfigurationError(
        f"body.{name} is a {type(value).__name__}; a form has text, numbers and lists of them. "
        "Use body_type json, or make it text"
    )
