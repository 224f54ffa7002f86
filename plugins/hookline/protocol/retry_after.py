"""``Retry-After`` (RFC 9110 section 10.2.3): seconds, or a date."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def parse(value: str | None, now: datetime) -> float | None:
    """Return the seconds to wait, never negative; None for what cannot be understood.

    A fraction such as ``120.1`` is none of the RFC's, but Discord and others send it. A date may have each of
    the three forms of RFC 9110 section 5.6.7; one in the past is no wait.

    :param now: with a timezone.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if not text or not text[0].isalpha():
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
