"""What stops a demo, told in one line."""

from __future__ import annotations


class DemoError(Exception):
    """A step failed for a reason the person at the terminal can act on.

    ``str(error)`` is one line: what is wrong, and what to do about it. ``details``, when there are any, are
    lines worth reading before it, such as the end of a log.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details

    def __str__(self) -> str:
        return str(self.args[0])


def tail(text: str, lines: int = 20) -> str:
    """Return the last ``lines`` lines of a log that are not empty, indented."""
    kept = [line for line in text.splitlines() if line.strip()][-lines:]
    return "\n".join("    " + line for line in kept)
