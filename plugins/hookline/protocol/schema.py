"""Checking an event's data at the door, as Airflow checks a Dag's param, but within bounds.

Airflow validates with ``jsonschema.validate`` (``airflow/serialization/definitions/param.py``). What can take
for ever, and what nothing in Python can stop, is left out here and stays with the dispatcher: regular
expressions, ``uniqueItems``, and references to other documents. Leaving a keyword out may let more pass,
never less.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

MAX_ERRORS = 20
MAX_POINTER = 200
ANYTHING: dict[str, Any] = {"type": ["object", "array", "string", "number", "boolean", "null"]}
"""What :func:`hookline.authoring.event_dag` declares where the author declares nothing."""
_UNBOUNDED = frozenset({"pattern", "patternProperties", "uniqueItems"})
_ONE = frozenset(
    {
        "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames",
        "then", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
_SOME = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "properties"})
# With a part left out, these would refuse what the whole takes.
_EXACT = frozenset({"contains", "if", "not", "oneOf"})
_AFTER_IF = frozenset({"then", "else"})
_LIMITS = frozenset(
    {
        "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties", "maximum",
        "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    }
)  # fmt: skip
_EVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_budget: ContextVar[Budget] = ContextVar("hookline_schema_budget")


@dataclass(slots=True)
class Budget:
    """What a check may take up.

    :param steps: keywords that may be looked at.
    :param seconds: bound of the time; a single step is short.
    """

    steps: int
    seconds: float
    _end: float = 0.0

    def begin(self) -> None:
        """Start the clock."""
        self._end = time.monotonic() + self.seconds

    def spend(self) -> None:
        """Take one step.

        :raises Undecided: there is none left.
        """
        self.steps -= 1
        if self.steps < 0 or time.monotonic() > self._end:
            raise Undecided("it takes too long")


class Undecided(Exception):
    """The check would take too long, or needs what is not at hand."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong.

    :param pointer: where, as a JSON Pointer (RFC 6901).
    :param keyword: of JSON Schema.
    :param message: what is expected, without the value that was met.
    """

    pointer: str
    keyword: str
    message: str


class Check:
    """A schema, ready to be used.

    :param schema: JSON Schema of an event's data.
    :raises jsonschema.SchemaError: it is none.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from jsonschema import FormatChecker
        from jsonschema.validators import extend, validator_for
        from referencing import Registry

        kind = validator_for(schema)
        kind.check_schema(schema)
        bounded = _pruned(schema, hostile=_is_hostile(schema))
        counted = extend(kind, {name: _counted(function) for name, function in kind.VALIDATORS.items()})
        formats = FormatChecker([name for name in FormatChecker.checkers if name != "regex"])
        self._validator = counted(bounded, format_checker=formats, registry=Registry())

    def errors(self, data: Any, budget: Budget) -> list[FieldError]:
        """Return what is wrong with ``data``, at most 20 things.

        :raises Undecided: the budget does not suffice, or the schema needs what is not here.
        """
        budget.begin()
        token = _budget.set(budget)
        try:
            return list(islice(_described(self._validator.iter_errors(data)), MAX_ERRORS))
        except Undecided:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, Airflow will say
            # A reference to another document, a number too large for multipleOf.
            raise Undecided(str(error)) from None
        finally:
            _budget.reset(token)


def _counted(function: Any) -> Any:
    def look(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _budget.get().spend()
        return function(validator, value, instance, schema)

    return look


def _parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    for name, value in schema.items():
        if name in _NAMED and isinstance(value, dict):
            yield from value.values()
        elif name in _SOME and isinstance(value, list):
            yield from value
        elif name in _ONE:
            yield value


def _is_hostile(schema: Any, *, references: bool = False) -> bool:
    if not isinstance(schema, dict):
        return False
    if not _UNBOUNDED.isdisjoint(schema) or schema.get("format") == "regex":
        return True
    if references and any(name in schema for name in ("$ref", "$dynamicRef", "$recursiveRef")):
        return True
    return any(_is_hostile(part, references=references) for part in _parts(schema))


def _pruned(schema: Any, *, hostile: bool) -> Any:
    """Return the schema without what has no bound; ``hostile`` says that the whole document has such."""
    if not isinstance(schema, dict) or not hostile:
        return schema
    left_out = _UNBOUNDED | _EVALUATED
    if "patternProperties" in schema:
        left_out |= {"additionalProperties"}
    left_out |= {name for name in _EXACT & schema.keys() if _any_hostile(schema[name])}
    if "if" in left_out:
        left_out |= _AFTER_IF
    result: dict[str, Any] = {}
    for name, value in schema.items():
        if name in left_out:
            continue
        if name in _NAMED and isinstance(value, dict):
            result[name] = {key: _pruned(part, hostile=True) for key, part in value.items()}
        elif name in _SOME and isinstance(value, list):
            result[name] = [_pruned(part, hostile=True) for part in value]
        else:
            result[name] = _pruned(value, hostile=True) if name in _ONE else value
    return result


def _any_hostile(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return any(_is_hostile(part, references=True) for part in parts)


def _described(errors: Iterator[Any]) -> Iterator[FieldError]:
    told = set()
    for error in errors:
        path = list(error.absolute_path)
        keyword = str(error.validator or "false")
        if keyword in ("required", "additionalProperties") and isinstance(error.instance, dict):
            place = (tuple(path), tuple(error.absolute_schema_path))
            if place in told:
                continue
            told.add(place)
            for name in _names(keyword, error):
                what = "is missing" if keyword == "required" else "is not expected"
                yield FieldError(_pointer([*path, name]), keyword, what)
        else:
            yield FieldError(_pointer(path), keyword, _message(keyword, error.validator_value))


def _names(keyword: str, error: Any) -> list[str]:
    if keyword == "required":
        return [name for name in error.validator_value if name not in error.instance]
    known = error.schema.get("properties", {})
    return list(islice((name for name in error.instance if name not in known), MAX_ERRORS))


def _pointer(path: Sequence[str | int]) -> str:
    pointer = "".join("/" + str(part)[:MAX_POINTER].replace("~", "~0").replace("/", "~1") for part in path)
    return pointer if len(pointer) <= MAX_POINTER else pointer[: MAX_POINTER - 1] + "…"


def _message(keyword: str, value: Any) -> str:
    if keyword == "type":
        return f"must be of type {' or '.join(value) if isinstance(value, list) else value}"
    if keyword == "enum":
        return f"must be one of {len(value)} values"
    if keyword in ("anyOf", "oneOf"):
        return f"must fit {'one' if keyword == 'oneOf' else 'at least one'} of {len(value)} schemas"
    if keyword in _LIMITS:
        return f"must have {keyword} {value}"
    return f"does not satisfy {keyword}"
