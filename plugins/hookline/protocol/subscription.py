"""What a Dag subscribes to that a name cannot say: a source, patterns of types, a condition."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression

MAX_TYPES = 100
MAX_PATTERN = 200
MAX_EXPRESSION = 2000
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which events of a source a Dag runs for.

    :param types: patterns of event types; ``*`` stands for any characters. None: all types.
    :param when: JMESPath over the event as Dags see it; the Dag runs where it finds something that is true
        there (https://jmespath.org/specification.html#or-expressions says what is).
    """

    source: str
    types: tuple[str, ...] = ("*",)
    when: str | None = None

    @classmethod
    def declared(cls, source: Any, types: Iterable[str] | None, when: Any) -> Subscription:
        """Check what an author wrote.

        :raises ConfigurationError: no event could match, or the expression does not compile.
        """
        if not isinstance(source, str) or not _SOURCE.match(source):
            raise ConfigurationError(f"source={source!r} is no source's name, such as `stripe`.")
        if isinstance(types, str):
            raise ConfigurationError(f"types is a list; write types=[{types!r}].")
        patterns = tuple(types) if types is not None else ("*",)
        if not 1 <= len(patterns) <= MAX_TYPES:
            raise ConfigurationError(f"types takes 1 to {MAX_TYPES} patterns; leave it out for all types.")
        for pattern in patterns:
            if not isinstance(pattern, str) or not 1 <= len(pattern) <= MAX_PATTERN:
                raise ConfigurationError(f"{pattern!r} in types is no pattern, such as `invoice.*`.")
        if when is not None:
            check_expression("when", when)
        return cls(source, patterns, when)

    def matches(self, event_type: str, event: Mapping[str, Any]) -> bool:
        """Tell whether the Dag runs for an event of this source.

        :param event: the event as Dags see it. Data in object storage is not read: the expression finds its
            reference there.
        """
        if not self.takes(event_type):
            return False
        if self.when is None:
            return True
        found = expression.search(self.when, event)
        return not (found is None or found is False or found in ("", [], {}))

    def takes(self, event_type: str) -> bool:
        """Tell whether events of this type may be meant, whatever is in them."""
        return any(_matches(pattern, event_type) for pattern in self.types)


def check_expression(option: str, text: Any) -> None:
    """Compile an expression that an author wrote.

    :raises ConfigurationError: it is too long, or no JMESPath.
    """
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_EXPRESSION:
        raise ConfigurationError(f"{option} is a JMESPath of at most {MAX_EXPRESSION} characters.")
    try:
        expression.check(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{option}: {error}") from None


def _matches(pattern: str, event_type: str) -> bool:
    # Of fnmatch's language only the star: brackets and question marks may stand in a type.
    literal = re.sub(r"[\[?]", lambda found: f"[{found[0]}]", pattern)
    return fnmatch.fnmatchcase(event_type, literal)
