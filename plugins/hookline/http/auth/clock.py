"""The time that is signed."""

from __future__ import annotations

import time


def now() -> float:
    """Return Unix seconds."""
    return time.time()
