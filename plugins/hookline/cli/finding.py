"""One line of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what to do.

    :param action: empty when there is nothing to do.
    """

    level: Level
    subject: str
    finding: str
    action: str = ""

    def as_row(self) -> dict[str, str]:
        """Return the finding as a table row."""
        return {
            "level": self.level.value,
            "subject": self.subject,
            "finding": self.finding,
            "do": self.action,
        }


def ok(subject: str, finding: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(Level.OK, subject, finding)


def warn(subject: str, finding: str, action: str) -> Finding:
    """Return a finding that will hurt under some circumstance."""
    return Finding(Level.WARN, subject, finding, action)


def fail(subject: str, finding: str, action: str) -> Finding:
    """Return a finding that keeps Hookline from its work."""
    return Finding(Level.FAIL, subject, finding, action)
