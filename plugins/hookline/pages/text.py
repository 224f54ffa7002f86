"""Fields that a person types text into."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from hookline.pages.field import Leaf
from hookline.pages.posted import MISSING, CannotShow, Posted, Wrong

MULTILINE = 200
"""Characters beyond which a text gets several lines."""
MOST_CHARS = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,10}\Z")


class Pattern:
    """A regular expression as JSON Schema means it: found anywhere in the text.

    The engine is the linear one of pydantic-core (https://docs.rs/regex): the author of a Dag writes the
    pattern, anybody on the internet the text.

    :raises CannotShow: the engine does not know it; look-around and back-references are not linear.
    """

    __slots__ = ("_validator", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            # Like Airflow's own check, `$` and `^` are the ends of the text.
            self._validator = SchemaValidator(
                core_schema.str_schema(pattern=source, regex_engine="rust-regex")
            )
        except SchemaError:
            raise CannotShow(f"the pattern `{source}` is none that is checked in linear time") from None

    def found(self, text: str) -> bool:
        """Tell whether the text fits."""
        try:
            self._validator.validate_python(text, strict=True)
        except ValidationError:
            return False
        return True


def _email(text: str) -> str:
    if len(text) > 320 or not _EMAIL.match(text):
        raise Wrong("must be an e-mail address, such as name@example.com")
    return text


def _uri(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", text)
    except ValueError:
        usable = False
    if not usable:
        raise Wrong("must be an address, such as https://example.com/page")
    return text


def _date(text: str) -> str:
    return _parsed(text, lambda: date.fromisoformat(text).isoformat(), "must be a date, such as 2026-03-31")


def _time(text: str) -> str:
    def read() -> str:
        return datetime.combine(date.min, time.fromisoformat(text), UTC).isoformat()[11:19] + "Z"

    return _parsed(text, read, "must be a time, such as 14:30")


def _date_time(text: str) -> str:
    def read() -> str:
        given = datetime.fromisoformat(text)
        utc = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
        return utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

    return _parsed(text, read, "must be a date and a time, such as 2026-03-31T14:30")


def _parsed(text: str, read: Callable[[], str], otherwise: str) -> str:
    try:
        return read() if len(text) <= 40 else _refused(otherwise)
    except (ValueError, OverflowError):
        return _refused(otherwise)


def _refused(message: str) -> str:
    raise Wrong(message)


FORMATS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "email": ("email", _email, ""),
    "idn-email": ("email", _email, ""),
    "uri": ("url", _uri, ""),
    "date": ("date", _date, ""),
    "time": ("time", _time, "In UTC."),
    "date-time": ("datetime-local", _date_time, "In UTC."),
}
"""By JSON Schema's ``format``: the input's type, how its text is read, and a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Leaf):
    """A line of text, or several."""

    kind = "text"
    format: str = ""
    min_length: int = 0
    max_length: int | None = None
    pattern: Pattern | None = None
    several_lines: bool = False

    @property
    def input_type(self) -> str:
        """The ``type`` of the input element."""
        return FORMATS[self.format][0] if self.format in FORMATS else "text"

    def value(self, posted: Posted) -> Any:
        """Return the text; missing if it is empty."""
        text = posted.one(self.name).replace("\r\n", "\n")
        text = text.strip("\n") if self.several_lines else text.strip()
        return self.check(text) if text else MISSING

    def check(self, text: str) -> str:
        """Return the text as data.

        :raises Wrong: it does not fit.
        """
        if len(text) > (self.max_length or MOST_CHARS):
            raise Wrong(f"must have at most {self.max_length or MOST_CHARS} characters; it has {len(text)}")
        if _CONTROL.search(text):
            raise Wrong("has characters that cannot be kept")
        if len(text) < self.min_length:
            raise Wrong(f"must have at least {self.min_length} characters")
        if self.format in FORMATS:
            text = FORMATS[self.format][1](text)
        if self.pattern is not None and not self.pattern.found(text):
            raise Wrong("does not have the expected form")
        return text


_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Leaf):
    """A number, whole or not.

    :param bounds: JSON Schema's keyword and its value.
    """

    kind = "number"
    whole: bool = False
    bounds: tuple[tuple[str, float], ...] = ()

    def value(self, posted: Posted) -> Any:
        """Return the number; missing if nothing was typed."""
        text = posted.one(self.name).strip()
        return self.check(text) if text else MISSING

    def check(self, text: str) -> int | float:
        """Return the number that the text is.

        :raises Wrong: it is none, or out of bounds.
        """
        if not _NUMBER.match(text):
            raise Wrong(f"must be a {'whole number, such as 12' if self.whole else 'number, such as 12.5'}")
        number = float(text) if "." in text else int(text)
        if self.whole and number != int(number):
            raise Wrong("must be a whole number, such as 12")
        number = int(number) if self.whole else number
        for keyword, bound in self.bounds:
            if not BOUNDS[keyword][1](number, bound):
                raise Wrong(f"must be {BOUNDS[keyword][0]} {bound}")
        return number


BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", lambda number, bound: number >= bound),
    "maximum": ("at most", lambda number, bound: number <= bound),
    "exclusiveMinimum": ("more than", lambda number, bound: number > bound),
    "exclusiveMaximum": ("less than", lambda number, bound: number < bound),
}
"""By keyword: how a person is told, and whether a number fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines(Leaf):
    """A list, one element in each line.

    :param item: how a line is read.
    """

    kind = "lines"
    item: Text | Number = field(default_factory=lambda: Text(name="", label=""))
    least: int = 0
    most: int = 1000
    distinct: bool = False

    def value(self, posted: Posted) -> Any:
        """Return the list; missing if there is no line."""
        lines = [line.strip() for line in posted.one(self.name).splitlines()]
        found: list[Any] = []
        if len(lines) > 10 * self.most:
            raise Wrong(f"must have at most {self.most} lines")
        for number, line in enumerate(lines, start=1):
            try:
                found += [self.item.check(line)] if line else []
            except Wrong as wrong:
                raise Wrong(f"has a line, number {number}, that {wrong}") from None
        if not found:
            return MISSING
        if not self.least <= len(found) <= self.most:
            raise Wrong(f"must have {self.least} to {self.most} lines")
        if self.distinct and len(set(found)) < len(found):
            raise Wrong("has a line twice")
        return found
