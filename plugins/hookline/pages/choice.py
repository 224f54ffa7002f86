"""Fields in which a person chooses, and those in which there is nothing to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hookline.pages.field import Field, Leaf
from hookline.pages.posted import MISSING, Error, Posted, Wrong

MAX_FILE_NAME = 255


@dataclass(frozen=True, slots=True)
class Option:
    """One of several values.

    :param text: what the form sends for it.
    :param value: JSON value.
    """

    text: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle(Leaf):
    """Yes or no; a box that is not ticked is no.

    :param must: whether only yes will do, as with a consent.
    """

    kind = "toggle"
    must: bool = False

    def value(self, posted: Posted) -> Any:
        """Return whether it was ticked."""
        ticked = bool(posted.texts.get(self.name))
        if self.must and not ticked:
            raise Wrong("has to be ticked")
        return ticked


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Leaf):
    """One out of several."""

    kind = "choice"
    options: tuple[Option, ...] = ()

    def value(self, posted: Posted) -> Any:
        """Return what was chosen."""
        text = posted.one(self.name)
        return _value(self.options, text) if text else MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Leaf):
    """Any number out of several."""

    kind = "choices"
    options: tuple[Option, ...] = ()
    least: int = 0
    most: int = 1000

    def value(self, posted: Posted) -> Any:
        """Return what was chosen, in the order of the page."""
        chosen = set(posted.texts.get(self.name, ()))
        for text in chosen:
            _value(self.options, text)
        if not chosen:
            return MISSING
        if len(chosen) < self.least:
            raise Wrong(f"needs at least {self.least} choices")
        if len(chosen) > self.most:
            raise Wrong(f"takes at most {self.most} choices")
        return [option.value for option in self.options if option.text in chosen]


def _value(options: tuple[Option, ...], text: str) -> Any:
    for option in options:
        if option.text == text:
            return option.value
    raise Wrong("must be one of the choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Leaf):
    """A file, or several; the data has their names, the event the files.

    :param accept: media type that the browser offers; nothing that anybody is held to.
    """

    kind = "upload"
    accept: str = ""
    several: bool = False

    def value(self, posted: Posted) -> Any:
        """Return the name of the file, or a list of names."""
        names = ["".join(filter(str.isprintable, name))[:MAX_FILE_NAME] for name in self._given(posted)]
        if not names:
            return MISSING
        if len(names) > 1 and not self.several:
            raise Wrong("takes one file")
        return names if self.several else names[0]

    def touched(self, posted: Posted) -> bool:
        """Tell whether a file was chosen."""
        return bool(self._given(posted))

    def _given(self, posted: Posted) -> tuple[str, ...]:
        return tuple(posted.files.get(self.name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Field):
    """A value that is always the same, and not asked for."""

    kind = "fixed"
    constant: Any = None

    def read(self, posted: Posted, errors: list[Error]) -> Any:  # noqa: ARG002  one interface
        """Return the value."""
        return self.constant

    def touched(self, posted: Posted) -> bool:  # noqa: ARG002  one interface
        """Return False."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Field):
    """Questions that belong together.

    :param fields: by the name of their property.
    """

    kind = "group"
    fields: tuple[tuple[str, Field], ...] = ()

    def read(self, posted: Posted, errors: list[Error]) -> Any:
        """Return an object; missing if it may be, and nothing was given."""
        found: list[Error] = []
        values = {key: field.read(posted, found) for key, field in self.fields}
        if not self.required and not self.touched(posted):
            return MISSING
        errors += found
        return {key: value for key, value in values.items() if value is not MISSING}

    def touched(self, posted: Posted) -> bool:
        """Tell whether a person gave anything inside."""
        return any(field.touched(posted) for _, field in self.fields)

    def leaves(self) -> list[Field]:
        """Return all questions inside, in their order."""
        inside = [field.leaves() if isinstance(field, Group) else [field] for _, field in self.fields]
        return [field for fields in inside for field in fields]
