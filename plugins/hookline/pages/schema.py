"""What of a JSON Schema concerns a page, with its detours taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from hookline.pages.choice import Option
from hookline.pages.posted import CannotShow

Schema = Mapping[str, Any]

MAX_REFERENCES = 10
MAX_OPTIONS = 300
MAX_LABEL = 200
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def resolved(schema: Any, root: Schema) -> Schema:
    """Return the schema without ``$ref`` and without the alternative ``null``, which is an empty field.

    :param root: the document that references point into.
    :raises CannotShow: it is none that describes one kind of value.
    """
    if not isinstance(schema, Mapping):
        raise CannotShow("its schema is no object")
    found: dict[str, Any] = dict(schema)
    for _ in range(MAX_REFERENCES):
        if "$ref" in found:
            target = _target(str(found.pop("$ref")), root)
            found = {**target, **found}
            continue
        parts = found.get("anyOf")
        others = [part for part in parts if part != {"type": "null"}] if isinstance(parts, list) else []
        if len(others) == 1 and isinstance(others[0], Mapping):  # as pydantic writes an optional value
            found.pop("anyOf")
            found = {**others[0], **found}
            continue
        break
    else:
        raise CannotShow("its references go round in a circle")
    return found


def _target(reference: str, root: Schema) -> Schema:
    if not reference.startswith("#"):
        raise CannotShow(f"`{reference}` is in another document")
    found: Any = root
    for part in unquote(reference[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise CannotShow(f"`{reference}` leads nowhere")
    return found


def type_of(schema: Schema) -> str:
    """Return the one type, ``null`` aside, of what the schema describes.

    :raises CannotShow: there are several, or it cannot be told.
    """
    given = schema.get("type")
    types = [one for one in given if one != "null"] if isinstance(given, list) else [given]
    if len(types) == 1 and isinstance(types[0], str):
        return types[0]
    if given is None and "properties" in schema:
        return "object"
    if given is None and ("enum" in schema or "const" in schema or "oneOf" in schema):
        return ""
    raise CannotShow("it may be of several types" if given else "its type is not said")


def options(schema: Schema) -> tuple[Option, ...]:
    """Return what can be chosen: of ``enum``, or of ``oneOf`` with a ``const`` and perhaps a ``title`` each.

    Airflow's ``values_display`` names the values of an ``enum``
    (https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html).

    :raises CannotShow: there are too many, or two of them look alike.
    """
    alternatives = schema.get("oneOf")
    if isinstance(alternatives, list) and alternatives and all(_is_constant(one) for one in alternatives):
        pairs = [(one["const"], one.get("title")) for one in alternatives]
    elif isinstance(schema.get("enum"), list):
        shown = schema.get("values_display")
        names = shown if isinstance(shown, Mapping) else {}
        pairs = [(value, names.get(_text(value))) for value in schema["enum"] if value is not None]
    else:
        return ()
    found = tuple(
        Option(_text(value), str(title or _text(value))[:MAX_LABEL], value) for value, title in pairs
    )
    if len(found) > MAX_OPTIONS:
        raise CannotShow(f"it has more than {MAX_OPTIONS} choices")
    if len({option.text for option in found}) < len(found) or any(not option.text for option in found):
        raise CannotShow("its choices cannot be told apart")
    return found


def _is_constant(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "const" in schema


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def label(schema: Schema, name: str) -> str:
    """Return what the field is called: its title, or its name as words."""
    title = schema.get("title")
    words = title if isinstance(title, str) and title.strip() else _CAMEL.sub(" ", name).replace("_", " ")
    words = words.replace("-", " ").strip() if words is not title else words.strip()
    shown = words if words is title else words[:1].upper() + words[1:].lower()
    return (shown or "Answer")[:MAX_LABEL]


def number(schema: Schema, keyword: str) -> int | None:
    """Return the value of a keyword that counts, None where it is not there."""
    value = schema.get(keyword)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
