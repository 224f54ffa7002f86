"""One question of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hookline.pages.posted import MISSING, Error, Posted, Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question, or several that belong together.

    :param name: JSON Pointer (RFC 6901) of the value in the data; the name of the form's field.
    :param initial: what stands there at first.
    """

    kind: ClassVar[str] = ""
    name: str
    label: str
    hint: str = ""
    required: bool = False
    initial: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The identifier of its element; HTML allows everything but white space in one."""
        return "f" + "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}-" for c in self.name)

    @property
    def called(self) -> str:
        """The label as the beginning of a sentence."""
        return f"\u201c{self.label}\u201d" if self.label[-1:] in "?!.:" else self.label

    def read(self, posted: Posted, errors: list[Error]) -> Any:
        """Return the value, or ``MISSING``; what is wrong is added to ``errors``."""
        raise NotImplementedError

    def touched(self, posted: Posted) -> bool:
        """Tell whether a person gave anything."""
        return any(text.strip() for text in posted.texts.get(self.name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf(Field):
    """A question with an answer of its own."""

    def read(self, posted: Posted, errors: list[Error]) -> Any:
        """Return the value, or ``MISSING``; what is wrong is added to ``errors``."""
        try:
            found = self.value(posted)
        except Wrong as wrong:
            errors.append(Error(self.name, str(wrong)))
            return MISSING
        if found is MISSING and self.required:
            errors.append(Error(self.name, "is required"))
        return found

    def value(self, posted: Posted) -> Any:
        """Return the value, or ``MISSING``.

        :raises Wrong: it cannot be taken.
        """
        raise NotImplementedError
