"""Where a request says what it is: the notation of ``event_type``, ``event_id`` and ``correlation``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression
from hookline.protocol.message import Message

NOTATION = "`path`, `header:NAME`, `query:NAME` or `body:JMESPATH`"


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in a request.

    :param kind: ``path``, ``header``, ``query`` or ``body``.
    :param argument: name, or JMESPath expression; empty for ``path``.
    """

    kind: str
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> Locator:
        """Read the notation.

        :raises ConfigurationError: it is none of the four forms, or the JMESPath does not compile.
        """
        kind, _, argument = text.partition(":")
        argument = argument.strip()
        if kind == "path" and not argument:
            return cls("path")
        if kind not in {"header", "query", "body"} or not argument:
            raise ConfigurationError(f"`{text}` says nowhere to look; write {NOTATION}.")
        if kind == "body":
            expression.check(argument)
        return cls(kind, argument)

    def find(self, message: Message, data: Any) -> str | None:
        """Return what stands there as text, or None when nothing does.

        :param data: the parsed body. A value that is neither text nor number counts as nothing.
        """
        if self.kind == "path":
            return "/".join(message.path_segments()) or None
        if self.kind == "header":
            return message.headers.get(self.argument) or None
        if self.kind == "query":
            found = [value for name, value in message.query if name == self.argument]
            return found[0] if len(found) == 1 and found[0] else None
        return self._in_body(data)

    def _in_body(self, data: Any) -> str | None:
        value = expression.search(self.argument, data)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        try:
            return str(value) or None
        except ValueError:  # Python bounds the digits of an integer
            return None

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind
