"""From a JSON Schema to the questions of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hookline.pages.choice import Choice, Choices, Fixed, Group, Toggle, Upload
from hookline.pages.field import Field
from hookline.pages.posted import CannotShow, Error, Posted
from hookline.pages.schema import Schema, label, number, options, resolved, type_of
from hookline.pages.text import BOUNDS, FORMATS, MULTILINE, Lines, Number, Pattern, Text
from hookline.protocol import order

MAX_DEPTH = 4
MAX_FIELDS = 100
MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of a page.

    :param title: empty where the schema has none.
    """

    title: str
    description: str
    root: Group

    @property
    def fields(self) -> tuple[Field, ...]:
        """The questions at the top, in the order of the page."""
        return tuple(field for _, field in self.root.fields)

    @property
    def uploads(self) -> frozenset[str]:
        """Names of the fields that take files."""
        return frozenset(field.name for field in self.root.leaves() if isinstance(field, Upload))

    def initial(self) -> Posted:
        """Return what stands in the fields at first."""
        return Posted({field.name: field.initial for field in self.root.leaves()})

    def read(self, posted: Posted) -> tuple[dict[str, Any], list[Error]]:
        """Return the data, and what is wrong; with errors the data is not whole."""
        errors: list[Error] = []
        data = self.root.read(posted, errors)
        return data, errors

    def nearest(self, pointer: str) -> str:
        """Return the name of the field at a JSON Pointer or above it, empty if there is none."""
        names = {field.name for field in self.root.leaves() if not isinstance(field, Fixed)}
        while pointer and pointer not in names:
            pointer = pointer.rpartition("/")[0]
        return pointer


def build(schema: Any) -> Form:
    """Return the questions of an object.

    :param schema: JSON Schema of the data.
    :raises CannotShow: a page cannot ask for such data; it names the part.
    """
    if not isinstance(schema, Mapping):
        raise CannotShow("The schema is no object.")
    root = schema
    try:
        top = resolved(schema, root)
        kind = type_of(top)
    except CannotShow as error:
        raise CannotShow(f"The data: {error}.") from None
    if kind != "object":
        raise CannotShow("The data: a page asks for an object with properties.")
    group = _group(top, root, Place("", "Data", required=True), 0)
    if len(group.leaves()) > MAX_FIELDS:
        raise CannotShow(f"A page asks at most {MAX_FIELDS} questions.")
    title = top.get("title")
    return Form(title[:200] if isinstance(title, str) else "", _description(top), group)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the data a field is."""

    name: str
    label: str
    required: bool

    def described(self, schema: Schema, *hints: str) -> dict[str, Any]:
        """Return what all kinds of fields have."""
        hint = " ".join(part for part in (_description(schema), *hints) if part)
        return {"name": self.name, "label": self.label, "hint": hint, "required": self.required}


def _description(schema: Schema) -> str:
    text = schema.get("description")
    return text[:MAX_TEXT] if isinstance(text, str) else ""


def _group(schema: Schema, root: Schema, place: Place, depth: int) -> Group:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        raise CannotShow(f"{place.name or 'The data'}: an object without properties has no fields.")
    if depth > MAX_DEPTH:
        raise CannotShow(f"{place.name}: it is nested too deeply.")
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    fields: list[tuple[str, Field]] = []
    for key in order.names(schema, properties):
        pointer = f"{place.name}/{key.replace('~', '~0').replace('/', '~1')}"
        try:
            found = resolved(properties[key], root)
            inner = Place(pointer, label(found, key), key in needed)
            kind = type_of(found)
            if kind == "object" and "const" not in found:
                fields.append((key, _group(found, root, inner, depth + 1)))
            else:
                fields.append((key, _leaf(found, root, inner, kind)))
        except CannotShow as error:
            message = str(error)
            raise CannotShow(message if message.endswith(".") else f"{pointer}: {message}.") from None
    missing = needed.difference(properties)
    if missing:
        raise CannotShow(f"{place.name}/{min(missing)}: it is required and not described.")
    return Group(**place.described(schema), fields=tuple(fields))


def _leaf(schema: Schema, root: Schema, place: Place, kind: str) -> Field:
    if kind == "boolean":
        must = schema.get("const") is True or schema.get("enum") == [True]
        initial: tuple[str, ...] = ("true",) if schema.get("default") is True else ()
        return Toggle(**place.described(schema), initial=initial, must=must)
    if "const" in schema:
        return Fixed(**place.described(schema), constant=schema["const"])
    if choices := options(schema):
        initial = _initial(schema.get("default"), [option.value for option in choices])
        return Choice(**place.described(schema), options=choices, initial=initial)
    if kind not in _LEAVES:
        raise CannotShow(f"a page has no field for {kind or 'it'}")
    return _LEAVES[kind](schema, root, place)


def _initial(default: Any, values: list[Any]) -> tuple[str, ...]:
    chosen = default if isinstance(default, list) else [default]
    return tuple(option.text for option in options({"enum": [one for one in chosen if one in values]}))


def _string(schema: Schema, _root: Schema, place: Place) -> Field:
    if _is_file(schema):
        return Upload(**place.described(schema), accept=_media_type(schema))
    format_ = str(schema.get("format") or "")
    longest = number(schema, "maxLength")
    default = schema.get("default")
    return Text(
        **place.described(schema, FORMATS[format_][2] if format_ in FORMATS else ""),
        initial=(_typed(default, format_),) if isinstance(default, str) else (),
        format=format_,
        min_length=number(schema, "minLength") or 0,
        max_length=longest,
        pattern=Pattern(str(schema["pattern"])) if "pattern" in schema else None,
        several_lines=format_ == "multiline" or (longest is not None and longest > MULTILINE),
    )


def _typed(default: str, format_: str) -> str:
    """Return a default as the browser's input takes it: without seconds and zone."""
    return default[: {"date-time": 16, "time": 5}.get(format_, len(default))]


def _number(schema: Schema, _root: Schema, place: Place) -> Field:
    bounds = tuple(
        (keyword, schema[keyword])
        for keyword in BOUNDS
        if isinstance(schema.get(keyword), int | float) and not isinstance(schema[keyword], bool)
    )
    hint = ", ".join(f"{BOUNDS[keyword][0]} {bound}" for keyword, bound in bounds)
    default = schema.get("default")
    given = isinstance(default, int | float) and not isinstance(default, bool)
    return Number(
        **place.described(schema, f"{hint[:1].upper()}{hint[1:]}." if hint else ""),
        initial=(str(default),) if given else (),
        whole=type_of(schema) == "integer",
        bounds=bounds,
    )


def _array(schema: Schema, root: Schema, place: Place) -> Field:
    item = resolved(schema.get("items"), root)
    kind = type_of(item)
    most = number(schema, "maxItems")
    counts: dict[str, Any] = {
        "least": number(schema, "minItems") or 0,
        "most": 1000 if most is None else most,
    }
    default = schema.get("default")
    defaults = default if isinstance(default, list) else []
    if choices := options(item):
        initial = _initial(defaults, [option.value for option in choices])
        return Choices(**place.described(schema), **counts, options=choices, initial=initial)
    if kind == "string" and _is_file(item):
        return Upload(**place.described(schema), accept=_media_type(item), several=True)
    if kind not in ("string", "number", "integer"):
        raise CannotShow(f"a page has no field for a list of {kind or 'these'}")
    leaf = _LEAVES[kind](item, root, Place(place.name, place.label, required=False))
    if not isinstance(leaf, Text | Number):
        raise CannotShow("a page has no field for such a list")
    initial = ("\n".join(str(one) for one in defaults),) if defaults else ()
    distinct = schema.get("uniqueItems") is True
    hint = place.described(schema, "One in each line.")
    return Lines(**hint, **counts, item=leaf, distinct=distinct, initial=initial)


def _is_file(schema: Schema) -> bool:
    return schema.get("format") == "binary"


def _media_type(schema: Schema) -> str:
    return str(schema.get("contentMediaType") or "")


_LEAVES: dict[str, Callable[[Schema, Schema, Place], Field]] = {
    "string": _string,
    "number": _number,
    "integer": _number,
    "array": _array,
}
