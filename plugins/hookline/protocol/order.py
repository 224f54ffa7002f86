"""The order in which a schema names its properties: PostgreSQL's ``jsonb`` forgets it, a form needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KEY = "x-order"
"""Keyword with the names in their order; validators pass over what they do not know (JSON Schema, 6.5)."""
_NAMED = frozenset({"$defs", "definitions", "properties"})
_PARTS = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})


def noted(schema: Any) -> Any:
    """Return the schema with the order of the properties noted in each object that has several."""
    if not isinstance(schema, Mapping):
        return schema
    found = {key: _inside(key, value) for key, value in schema.items()}
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and len(properties) > 1:
        found.setdefault(KEY, list(properties))
    return found


def _inside(key: str, value: Any) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: noted(part) for name, part in value.items()}
    if key in _PARTS:
        return [noted(part) for part in value] if isinstance(value, list) else noted(value)
    return value


def names(schema: Mapping[str, Any], properties: Iterable[str]) -> list[str]:
    """Return the names of properties in the order that was noted, those that were not at the end."""
    given = schema.get(KEY)
    order = {str(name): place for place, name in enumerate(given if isinstance(given, list) else ())}
    return sorted(properties, key=lambda name: order.get(name, len(order)))
