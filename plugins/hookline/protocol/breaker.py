"""Whether an endpoint is sent to: a circuit breaker (M. Nygard, Release It!, "Circuit Breaker").

::

    closed ──5 failures in a row, or Retry-After──▶ open ──probe_at──▶ half_open ──success──▶ closed
                                                     ▲                     │
                                                     └──────failure────────┘
    any ──410, or failing for 5 days──▶ disabled ──a person──▶ closed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hookline.protocol.redelivery import LONGEST_ASKED, Outcome

CLOSED = "closed"
"""The endpoint works, as far as is known."""
OPEN = "open"
"""Nothing is sent before ``probe_at``."""
HALF_OPEN = "half_open"
"""One message is being sent, to see; another may be from ``probe_at`` on."""
DISABLED = "disabled"
"""Nothing is sent until a person enables it."""
STATES = (CLOSED, OPEN, HALF_OPEN, DISABLED)

_DOUBLINGS = 20


@dataclass(frozen=True)
class Rules:
    """When the breaker opens.

    :param failures: in a row, that open it.
    :param pause: seconds from opening to the first probe; twice as long after each probe that fails.
    :param longest_pause: seconds.
    :param disable_after: seconds without a success after which the endpoint is disabled.
    """

    failures: int = 5
    pause: float = 30.0
    longest_pause: float = 1800.0
    disable_after: float = 432_000.0


@dataclass(frozen=True)
class Breaker:
    """State of one endpoint.

    :param failures: attempts that failed since the last that did not.
    :param failing_since: when the first of them ended.
    :param openings: probes that were put off since then.
    """

    state: str = CLOSED
    reason: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    openings: int = 0
    probe_at: datetime | None = None


def after(rules: Rules, breaker: Breaker, outcome: Outcome, now: datetime) -> Breaker:
    """Return the state after an attempt.

    :param outcome: a reason that has to do with the message alone (``final``), or with Hookline
        (``ours``), says nothing of the endpoint.
    """
    if breaker.state == DISABLED or outcome.final or outcome.ours:
        return breaker
    if outcome.delivered:
        return Breaker()
    failed = replace(
        breaker,
        reason=outcome.reason,
        failures=breaker.failures + 1,
        failing_since=breaker.failing_since or now,
    )
    ends = _end(rules, failed, outcome, now)
    if ends:
        return replace(failed, state=DISABLED, reason=ends, probe_at=None)
    asked = min(outcome.retry_after or 0.0, LONGEST_ASKED)
    if breaker.state == OPEN:
        # It was under way when the breaker opened, and puts the probe off only if it was asked to wait.
        until = now + timedelta(seconds=asked)
        return replace(failed, probe_at=max(breaker.probe_at or until, until)) if asked else failed
    pause = 0.0
    openings = failed.openings
    if breaker.state == HALF_OPEN or failed.failures >= rules.failures:
        pause = min(rules.longest_pause, rules.pause * 2.0 ** min(openings, _DOUBLINGS))
        openings += 1
    pause = max(pause, asked)
    if not pause:
        return failed
    return replace(failed, state=OPEN, openings=openings, probe_at=now + timedelta(seconds=pause))


def probing(breaker: Breaker, now: datetime, lease: timedelta) -> Breaker | None:
    """Return the state with which one message may be sent although the endpoint failed; None if none may.

    :param lease: after which another process may probe, should this one have died.
    """
    if breaker.state not in (OPEN, HALF_OPEN) or (breaker.probe_at and breaker.probe_at > now):
        return None
    return replace(breaker, state=HALF_OPEN, probe_at=now + lease)


def _end(rules: Rules, failed: Breaker, outcome: Outcome, now: datetime) -> str:
    if outcome.gone:
        return "it answered 410 Gone: it wants nothing more"
    seconds = (now - (failed.failing_since or now)).total_seconds()
    if failed.failures >= rules.failures and seconds >= rules.disable_after:
        return f"nothing arrived for {_span(seconds)}; the last reason: {outcome.reason}"
    return ""


def _span(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"
