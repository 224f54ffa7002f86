"""What a browser sent, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookline.exceptions import HooklineError

MISSING: Any = object()
"""Stands for a value that was not given; ``None`` is a value."""


class CannotShow(HooklineError):
    """A page cannot ask for what the schema describes; the message says for what, and why."""


class Wrong(Exception):
    """What was typed cannot be taken; the message goes on after the field's label."""


@dataclass(frozen=True, slots=True)
class Error:
    """One thing that is wrong.

    :param name: of the field, or empty where it is no field's.
    :param message: goes on after the field's label; a whole sentence where there is no field.
    """

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form by name.

    :param texts: what was typed or chosen.
    :param files: the names of the files that were chosen.
    """

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """Return the only text of a field, empty if there is none.

        :raises Wrong: there are several, which no page of ours sends.
        """
        values = self.texts.get(name, ())
        if len(values) > 1:
            raise Wrong("was sent more than once")
        return values[0] if values else ""

    @classmethod
    def of(cls, data: Any, files: Mapping[str, Sequence[str]]) -> Posted:
        """Return what the body of a form says.

        :param data: its fields by name, a repeated one with a list; what is no text is left out.
        """
        fields = data.items() if isinstance(data, dict) else ()
        lists = ((name, value if isinstance(value, list) else [value]) for name, value in fields)
        return cls(
            {name: [text for text in values if isinstance(text, str)] for name, values in lists}, files
        )
