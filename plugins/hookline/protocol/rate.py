"""A rate as people write it, and the next turn under it.

The turns are the generic cell rate algorithm's (GCRA, ITU-T I.371): a token bucket that is one number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hookline.exceptions import ConfigurationError

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_NOTATION = re.compile(r"\s*([1-9][0-9]{0,8})\s*(?:/|\s+per\s+)\s*(second|minute|hour|day)s?\s*")


@dataclass(frozen=True)
class Rate:
    """So many turns in so many seconds; all of them may be taken at once."""

    turns: int
    seconds: int

    def __str__(self) -> str:
        unit = next(name for name, seconds in _SECONDS.items() if seconds == self.seconds)
        return f"{self.turns}/{unit}"


def parse(value: object) -> Rate:
    """Read ``100/minute`` or ``100 per minute``, the notation of the library ``limits``.

    :raises ConfigurationError: it is nothing like that.
    """
    match = _NOTATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ConfigurationError(f"{value!r} is no rate; write 10/second, 100/minute, 1000/hour or 5000/day")
    return Rate(int(match[1]), _SECONDS[match[2]])


def take(full_at: float, now: float, rate: Rate) -> tuple[float, float]:
    """Take one turn.

    :param full_at: when the bucket is full again, 0 at first; what this function returned last.
    :param now: in seconds, on the clock of ``full_at``.
    :return: the new ``full_at``, and the seconds until the turn.
    """
    between = rate.seconds / rate.turns
    # A clock that went back would otherwise lock everybody out for as long as it jumped.
    start = full_at if now < full_at <= now + _LONGEST_QUEUE * rate.seconds else now
    following = start + between
    return following, max(0.0, following - rate.seconds - now)


_LONGEST_QUEUE = 1000
