"""A claim check: what stands in an event for data that lies in object storage.

``data`` is ``{"dataref", "size", "sha256", "datacontenttype"}``, so that a run has data. What is believed is
``hookline.dataref``, which only the server writes: a sender may send whatever looks like a reference.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KEYS = frozenset({"dataref", "size", "sha256", "datacontenttype"})
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": sorted(KEYS),
    "properties": {
        "dataref": {"type": "string"},
        "size": {"type": "integer"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "datacontenttype": {"type": "string"},
    },
    "additionalProperties": False,
}
FOLDER = "events"
"""Below ``[hookline] storage_path``; what lies elsewhere is not an event's."""
MESSAGES = "deliveries"
"""Below it too: messages that are too large to be sent."""


_LARGE = frozenset({"object", "array", "string"})
_OF_FORM = frozenset(
    {
        *("type", "title", "section", "format", "examples", "items", "minLength", "maxLength"),
        *("values_display", "description_md", "$schema", "$defs", "definitions"),
    }
)
"""What Airflow's Trigger form reads of a schema, and what these refer to; none of it refuses a reference."""
_WITHOUT_IF = re.compile(r"draft-0[346]")


def accepting(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema that takes a reference as well as what ``schema`` takes.

    One that no large data fits, as an enumeration, is returned as it is.
    """
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else list(types)
    if not schema.keys() - _OF_FORM and (not names or "object" in names):
        return dict(schema)
    if "enum" in schema or "const" in schema or (names and not _LARGE.intersection(names)):
        return dict(schema)
    top = {key: value for key, value in schema.items() if key in _OF_FORM}
    if names and "object" not in names:
        top["type"] = [*names, "object"]  # the form goes by the first
    # With an identifier of its own, what refers to `#` means the schema and not what is around it.
    own = {"$id": "urn:hookline:data", **schema}
    if _WITHOUT_IF.search(str(schema.get("$schema", ""))):
        return top | {"anyOf": [SCHEMA, own]}
    return top | {"if": SCHEMA, "else": own}


def folder(root: str) -> str:
    """Return the folder that all objects of events lie in, ending in a slash."""
    return f"{root.rstrip('/')}/{FOLDER}/"


def looks_like_one(data: Any) -> bool:
    """Tell whether data has exactly the members of a reference."""
    return isinstance(data, dict) and data.keys() == KEYS


def accepted(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what :func:`accepting` was given, as data that is no reference has to fit it."""
    match schema:
        case {"if": condition, "else": own} if condition == SCHEMA:
            return dict(own)
        case {"anyOf": [first, own]} if first == SCHEMA:
            return dict(own)
    return schema
