"""The order of properties outlives a database that sorts keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookline.pages.form import build
from hookline.protocol import order
from hookline.protocol.schema import Budget, Check

INNER = {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "string"}}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"inner": INNER},
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "properties": {"$ref": "#/$defs/inner"},
        "enum": {"enum": ["properties", "a"]},
    },
}


def stored(schema: Any) -> Any:
    return json.loads(json.dumps(order.noted(schema), sort_keys=True))


def test_a_form_asks_in_the_order_of_the_author() -> None:
    form = build(stored(SCHEMA))
    assert [field.name for field in form.root.leaves()] == [
        *("/name", "/age", "/properties/z", "/properties/a", "/enum"),
    ]


def test_the_schema_stays_what_it_is_otherwise() -> None:
    noted = stored(SCHEMA)
    assert noted.pop(order.KEY) == list(SCHEMA["properties"])
    assert noted["$defs"]["inner"].pop(order.KEY) == ["z", "a"]
    assert noted == SCHEMA
    assert Check(stored(SCHEMA)).errors({"age": "x"}, Budget(100, 1))


@pytest.mark.parametrize(
    "schema", [True, {"properties": []}, {"items": True}, {"anyOf": [True]}, {order.KEY: 5}]
)
def test_any_schema_will_do(schema: Any) -> None:
    assert order.noted(schema) == schema


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["b"], ["b", "a", "c"]),
        (None, ["a", "b", "c"]),
        (["x", "c"], ["c", "a", "b"]),
        ([{}], ["a", "b", "c"]),
    ],
)
def test_what_was_not_noted_comes_last(given: Any, names: list[str]) -> None:
    assert order.names({order.KEY: given}, "abc") == names
