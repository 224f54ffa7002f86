"""Whether a call is sent again, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hookline.exceptions import NoAnswer
from hookline.http import idempotency
from hookline.http.request import Request
from hookline.http.response import Received
from hookline.http.target import Target
from hookline.protocol import backoff, retry_after

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110 section 9.2.2: sending them twice asks for nothing more than sending them once."""

STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505})
"""Statuses that may be another one next time; 501 and 505 say that it never will."""

MAX_BACKOFF = 60.0


@dataclass(frozen=True)
class Again:
    """Send it again after ``seconds``."""

    seconds: float


@dataclass(frozen=True)
class GiveUp:
    """Do not send it again.

    :param reason: for the message of the error; empty where there is nothing to explain.
    :param retry_after: seconds that the other side asked for.
    """

    reason: str = ""
    retry_after: float | None = None


def decide(
    target: Target,
    request: Request,
    outcome: Received | NoAnswer,
    *,
    attempt: int,
    chance: Callable[[], float],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Again | GiveUp:
    """Decide after an attempt that failed.

    :param attempt: its number, from 1.
    :param chance: draws from 0 to 1.
    """
    asked = None
    if isinstance(outcome, NoAnswer):
        if outcome.final:
            return GiveUp()
    else:
        if outcome.status not in STATUSES:
            return GiveUp()
        asked = retry_after.parse(outcome.header("retry-after"), now())
    if request.method not in IDEMPOTENT and not idempotency.has_key(request.headers):
        return GiveUp(retry_after=asked)
    if attempt >= target.max_attempts:
        return GiveUp("" if attempt == 1 else f"given up after {attempt} attempts", asked)
    if asked is not None and asked > target.max_wait:
        return GiveUp(
            f"it asks to wait {asked:.0f} s, and the Connection's max_wait is {target.max_wait:.0f} s", asked
        )
    pause = backoff.delay(attempt, target.backoff, MAX_BACKOFF, chance())
    return Again(max(pause, asked or 0.0))
