"""What becomes of a delivery after an attempt, and when the next one is.

The schedule is that of Standard Webhooks ("Operational considerations" of its specification), the time since
the attempt before; so is it that everything but a 2xx has failed and that a 410 ends it all.
"""

from __future__ import annotations

from dataclasses import dataclass

from hookline.exceptions import ConfigurationError

GONE = 410
JITTER = 0.2
"""The share by which a wait may be shorter or longer: what failed together does not come back together."""
LONGEST_ASKED = 86_400.0
"""Longest ``Retry-After`` that is respected, in seconds."""
LONGEST_WAIT = 7 * 86_400.0
MOST_WAITS = 50


@dataclass(frozen=True)
class Outcome:
    """What an attempt ended with.

    :param status: of the answer; None if there was none.
    :param reason: what is wrong, for people; empty if nothing is.
    :param retry_after: seconds that the receiver asks to wait.
    :param final: whether trying again can never help.
    :param ours: whether nothing was sent, for a reason that has nothing to do with the receiver.
    """

    status: int | None = None
    reason: str = ""
    retry_after: float | None = None
    final: bool = False
    ours: bool = False

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it: a 2xx. A redirect is none, it is not followed."""
        return self.status is not None and 200 <= self.status < 300 and not self.reason

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more (410)."""
        return self.status == GONE


@dataclass(frozen=True)
class Delivered:
    """It has arrived."""


@dataclass(frozen=True)
class Again:
    """The next attempt is due in ``seconds``."""

    seconds: float


@dataclass(frozen=True)
class Held:
    """It waits for a person: its endpoint wants nothing more."""


@dataclass(frozen=True)
class Dead:
    """There is no further attempt."""

    reason: str


def decide(
    schedule: tuple[float, ...], outcome: Outcome, failures: int, chance: float
) -> Delivered | Again | Held | Dead:
    """Decide after an attempt.

    :param schedule: seconds from each failed attempt to the next.
    :param failures: how many attempts had failed before this one.
    :param chance: drawn from 0 to 1.
    """
    if outcome.delivered:
        return Delivered()
    if outcome.gone:
        return Held()
    if outcome.final:
        return Dead(outcome.reason)
    if failures >= len(schedule):
        return Dead(f"given up after {failures + 1} attempts; {outcome.reason}")
    wait = schedule[failures] * (1 - JITTER + 2 * JITTER * chance)
    return Again(max(wait, min(outcome.retry_after or 0.0, LONGEST_ASKED)))


def parse_schedule(text: str, what: str) -> tuple[float, ...]:
    """Read ``5, 300, 1800``: seconds from each failed attempt to the next.

    :param what: names the option in the error.
    :raises ConfigurationError: it is no such list.
    """
    try:
        waits = tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        waits = (-1.0,)
    if len(waits) > MOST_WAITS or not all(0 < wait <= LONGEST_WAIT for wait in waits):
        raise ConfigurationError(
            f"{what} is `{text[:200]}`; it must be at most {MOST_WAITS} numbers of seconds over 0 and up to "
            f"{LONGEST_WAIT:.0f} with commas, such as 5, 300, 1800"
        )
    return waits
