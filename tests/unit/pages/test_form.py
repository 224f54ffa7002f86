"""From a schema to questions, and from what was typed to data."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate

from hookline.pages.form import build
from hookline.pages.posted import CannotShow, Error, Posted

VECTORS = json.loads(Path(__file__).parents[2].joinpath("vectors/pages.json").read_text())
ADDRESS = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}, "new": {"type": "boolean"}},
}


def schema_of(part: Any, *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": part}, "required": list(required)}


@pytest.mark.parametrize("case", VECTORS["fields"], ids=lambda case: case["name"])
def test_a_field(case: dict[str, Any]) -> None:
    schema = schema_of(case["schema"])
    data, errors = build(schema).read(Posted({"/a": case["typed"]}))
    if "wrong" in case:
        assert errors == [Error("/a", case["wrong"])]
        return
    assert (data, errors) == ({} if case.get("missing") else {"a": case["value"]}, [])
    validate(data, schema)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_a_page_cannot_ask_for_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(CannotShow) as refused:
        build(case["schema"])
    assert str(refused.value) == case["reason"]


@pytest.mark.parametrize(
    "part", [{"type": "string"}, {"enum": ["x"]}, {"type": "array", "items": {"type": "string"}}]
)
def test_what_is_required_is_filled_in(part: Any) -> None:
    _, errors = build(schema_of(part, "a")).read(Posted())
    assert errors == [Error("/a", "is required")]


def test_an_object_that_nobody_begins_asks_for_nothing() -> None:
    assert build(schema_of(ADDRESS)).read(Posted()) == ({}, [])


def test_an_object_that_somebody_begins_has_to_be_whole() -> None:
    _, errors = build(schema_of(ADDRESS)).read(Posted({"/a/new": ["true"]}))
    assert errors == [Error("/a/city", "is required")]


def test_an_object_that_is_required_has_to_be_whole() -> None:
    _, errors = build(schema_of(ADDRESS, "a")).read(Posted())
    assert errors == [Error("/a/city", "is required")]


def test_a_file_is_its_name_in_the_data() -> None:
    form = build(schema_of({"type": "string", "format": "binary"}, "a"))
    assert form.uploads == {"/a"}
    assert form.read(Posted({}, {"/a": ["x\u202e.png"]})) == ({"a": "x.png"}, [])
    assert form.read(Posted({"/a": ["typed"]}))[1] == [Error("/a", "is required")]
    assert form.read(Posted({}, {"/a": ["x", "y"]}))[1] == [Error("/a", "takes one file")]


def test_several_files_are_a_list() -> None:
    form = build(schema_of({"type": "array", "items": {"type": "string", "format": "binary"}}))
    assert form.read(Posted({}, {"/a": ["x", "y"]})) == ({"a": ["x", "y"]}, [])


@pytest.mark.parametrize(
    ("part", "initial"),
    [
        ({"type": "string", "default": "x"}, ("x",)),
        ({"type": "string", "format": "date-time", "default": "2026-11-24T14:19:00Z"}, ("2026-11-24T14:19",)),
        ({"type": "integer", "default": 0}, ("0",)),
        ({"type": "boolean", "default": True}, ("true",)),
        ({"enum": [1, 2], "default": 2}, ("2",)),
        ({"type": "array", "items": {"enum": ["x", "y"]}, "default": ["y", "z"]}, ("y",)),
        ({"type": "array", "items": {"type": "string"}, "default": ["x", "y"]}, ("x\ny",)),
        ({"type": "string", "default": 5}, ()),
    ],
)
def test_defaults_stand_in_the_fields(part: Any, initial: tuple[str, ...]) -> None:
    assert build(schema_of(part)).initial().texts == {"/a": initial}


@pytest.mark.parametrize(
    ("name", "part", "label"),
    [
        ("first_name", {}, "First name"),
        ("firstName", {}, "First name"),
        ("x", {"title": "E-Mail of the Board"}, "E-Mail of the Board"),
        ("", {}, "Answer"),
    ],
)
def test_a_field_is_called_by_its_title_or_its_name(name: str, part: Any, label: str) -> None:
    [field] = build({"properties": {name: {"type": "string", **part}}}).fields
    assert field.label == label


def test_names_cannot_be_taken_for_others() -> None:
    fields = build(
        {"properties": {"a/b": {"type": "string"}, "a-b": {"type": "string"}, "a~b": {"type": "string"}}}
    ).fields
    assert [field.name for field in fields] == ["/a~1b", "/a-b", "/a~0b"]
    assert len({field.id for field in fields}) == 3


def test_an_error_belongs_to_the_field_at_or_above_its_pointer() -> None:
    form = build(schema_of({"type": "array", "items": {"type": "string"}}))
    assert [form.nearest(pointer) for pointer in ("/a/3", "/a", "/b", "")] == ["/a", "/a", "", ""]


def test_no_text_makes_a_pattern_slow() -> None:
    form = build(schema_of({"type": "string", "pattern": "^(a+)+$"}))
    began = time.monotonic()
    assert form.read(Posted({"/a": ["a" * 50_000 + "!"]}))[1]
    assert time.monotonic() - began < 1


PARTS = [case["schema"] for case in VECTORS["fields"]]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARTS), st.lists(st.text(max_size=40), max_size=3))
def test_whatever_is_typed_is_wrong_or_fits_the_schema(part: Any, typed: list[str]) -> None:
    schema = schema_of(part)
    data, errors = build(schema).read(Posted({"/a": typed}))
    if not errors:
        validate(data, schema)
        json.dumps(data).encode()
