"""Checking at the door: never stricter than Airflow, never longer than allowed."""

from __future__ import annotations

import copy
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol.schema import MAX_ERRORS, MAX_POINTER, Budget, Check, Undecided

ORDER = {
    "type": "object",
    "required": ["id", "lines"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 2},
        "currency": {"enum": ["EUR", "USD"]},
        "mail": {"type": "string", "format": "email"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "properties": {"quantity": {"type": "integer", "minimum": 1}}},
        },
        "a/b~c": {"type": ["integer", "null"]},
        "pay": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
}
GOOD = {"id": "A1", "lines": [{"quantity": 1}]}
WRONG: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "not an object": ([], [("", "type", "must be of type object")]),
    "missing": ({}, [("/id", "required", "is missing"), ("/lines", "required", "is missing")]),
    "wrong type": (GOOD | {"id": 5}, [("/id", "type", "must be of type string")]),
    "too short": (GOOD | {"id": "A"}, [("/id", "minLength", "must have minLength 2")]),
    "not in the list": (GOOD | {"currency": "GBP"}, [("/currency", "enum", "must be one of 2 values")]),
    "no address": (GOOD | {"mail": "x"}, [("/mail", "format", "must have format email")]),
    "deep": (
        GOOD | {"lines": [{"quantity": 1}, {"quantity": 0}]},
        [("/lines/1/quantity", "minimum", "must have minimum 1")],
    ),
    "not expected": (
        GOOD | {"x": 1, "y": 2},
        [(f"/{name}", "additionalProperties", "is not expected") for name in "xy"],
    ),
    "escaped": (GOOD | {"a/b~c": "x"}, [("/a~1b~0c", "type", "must be of type integer or null")]),
    "none of several": (GOOD | {"pay": []}, [("/pay", "anyOf", "must fit at least one of 2 schemas")]),
}


def budget(steps: int = 10_000, seconds: float = 5.0) -> Budget:
    return Budget(steps, seconds)


@pytest.mark.parametrize(("data", "expected"), WRONG.values(), ids=WRONG)
def test_each_wrong_field_is_named(data: Any, expected: list[tuple[str, str, str]]) -> None:
    found = [(error.pointer, error.keyword, error.message) for error in Check(ORDER).errors(data, budget())]
    assert found == expected


def test_what_fits_has_no_errors() -> None:
    assert Check(ORDER).errors(GOOD, budget()) == []


def test_no_message_holds_a_value() -> None:
    secret = "s3cret-value"
    data = {"id": [secret], "currency": secret, "mail": secret, "lines": secret, "pay": [secret]}
    errors = Check(ORDER).errors(data, budget())
    assert len(errors) == 5
    assert secret not in str(errors)


def test_errors_and_pointers_are_bounded() -> None:
    items = Check({"items": {"type": "integer"}}).errors(["x"] * 1000, budget())
    assert len(items) == MAX_ERRORS
    [error] = Check({"additionalProperties": False}).errors({"x" * 5000: 1}, budget())
    assert len(error.pointer) <= MAX_POINTER


HOSTILE = {
    "pattern": ({"pattern": "^(a+)+$"}, "a" * 60 + "!"),
    "patternProperties": ({"patternProperties": {"^(a+)+$": {}}}, {"a" * 60 + "!": 1}),
    "additional beside patterns": (
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
        {"a" * 60 + "!": 1},
    ),
    "uniqueItems": ({"uniqueItems": True}, [{"a": number} for number in range(50_000)]),
    "a pattern in a reference": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"pattern": "^(a+)+$"}}},
        "a" * 60 + "!",
    ),
    "another document": ({"$ref": "http://127.0.0.1:1/schema"}, 1),
}


@pytest.mark.parametrize(("schema", "data"), HOSTILE.values(), ids=HOSTILE)
def test_what_has_no_bound_is_left_to_the_dispatcher(schema: dict[str, Any], data: Any) -> None:
    began = time.monotonic()
    try:
        assert Check(schema).errors(data, budget()) == []
    except Undecided:
        assert schema == HOSTILE["another document"][0]
    assert time.monotonic() - began < 1


EXACT: dict[str, dict[str, Any]] = {
    "not": {"not": {"type": "string", "pattern": "^x"}},
    "oneOf": {"oneOf": [{"pattern": "^a"}, {"pattern": "^[^a]"}]},
    "if": {"if": {"pattern": "^x"}, "then": {"type": "integer"}},
    "not a reference": {"not": {"$ref": "#/$defs/x"}, "$defs": {"x": {"pattern": "^x"}}},
    "contains": {"contains": {"pattern": "^x"}, "maxContains": 0},
    "not unique": {"not": {"uniqueItems": True}},
}


@pytest.mark.parametrize("schema", EXACT.values(), ids=EXACT)
def test_a_part_left_out_refuses_nothing_that_the_whole_takes(schema: dict[str, Any]) -> None:
    for data in ("abc", ["abc"], [1, 1]):
        if jsonschema.Draft202012Validator(schema).is_valid(data):
            assert Check(schema).errors(data, budget()) == []


SMALL = st.sampled_from(
    [None, True, 0, 1, 1.0, 2**70, "", "a", "x", [], [1, 1], ["a"], {}, {"a": 1}, {"b": "x"}]
)
LEAF: Any = st.sampled_from(
    [
        True, False, {}, {"type": "string"}, {"type": "integer"}, {"minimum": 1}, {"multipleOf": 0.5},
        {"pattern": "^a"}, {"uniqueItems": True}, {"enum": [1, "a"]}, {"required": ["a"]}, {"$ref": "#"},
        {"patternProperties": {"^a": {"type": "string"}}}, {"format": "regex"}, {"const": 1},
    ]
)  # fmt: skip
ONE = st.sampled_from(["not", "items", "contains", "propertyNames"])
SOME = st.sampled_from(["allOf", "anyOf", "oneOf"])


def composed(inner: Any) -> Any:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.builds(lambda name, part: {name: part}, ONE, inner),
        st.builds(lambda name, parts: {name: parts}, SOME, st.lists(inner, min_size=1, max_size=3)),
        two.map(lambda parts: {"properties": {"a": parts[0], "pattern": parts[1]}}),
        two.map(lambda parts: {"if": parts[0], "then": parts[1], "else": parts[0]}),
        two.map(lambda parts: {"patternProperties": {"^b": parts[0]}, "additionalProperties": parts[1]}),
        two.map(lambda parts: {"allOf": [parts[0]], "unevaluatedProperties": parts[1]}),
        two.map(lambda parts: {"$defs": {"x": parts[0]}, "properties": {"a": {"$ref": "#/$defs/x"}}}),
    )


SCHEMA = st.recursive(LEAF, composed, max_leaves=5)


@given(schema=SCHEMA.filter(lambda schema: isinstance(schema, dict)), data=SMALL)
def test_nothing_is_refused_that_airflow_takes(schema: dict[str, Any], data: Any) -> None:
    kept = copy.deepcopy(schema)
    try:
        jsonschema.validate(data, schema, format_checker=jsonschema.FormatChecker())
    except jsonschema.ValidationError:
        taken = False
    except Exception:
        return  # a reference without end, one that leads nowhere
    else:
        taken = True
    try:
        errors = Check(schema).errors(data, budget())
    except Undecided:
        return
    assert not (taken and errors)
    if "pattern" not in str(schema) and "uniqueItems" not in str(schema) and "regex" not in str(schema):
        assert bool(errors) is not taken
    assert schema == kept


AGAIN = {"items": {"$ref": "#/$defs/a"}}
BRANCHES = {"$defs": {"a": {"anyOf": [{**AGAIN, "type": "object"}, AGAIN, AGAIN]}}, "$ref": "#/$defs/a"}


@pytest.mark.parametrize("given_", [budget(1000), budget(10**9, 0.2)], ids=["steps", "seconds"])
def test_a_schema_that_branches_without_end_is_given_up(given_: Budget) -> None:
    data: Any = 1
    for _ in range(60):
        data = [data]
    schema = {**BRANCHES, "$defs": {"a": {"anyOf": [AGAIN, AGAIN], "not": {"type": "integer"}}}}
    began = time.monotonic()
    with pytest.raises(Undecided):
        Check(schema).errors(data, given_)
    assert time.monotonic() - began < 2
