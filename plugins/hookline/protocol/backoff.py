"""How long to wait before the next attempt: exponential, with full jitter.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ shows why the whole interval is
drawn from: what failed together does not come back together.
"""

from __future__ import annotations


def delay(attempt: int, base: float, cap: float, chance: float) -> float:
    """Return the seconds to wait after ``attempt``.

    :param attempt: number of the attempt that failed, from 1.
    :param base: longest wait after the first, in seconds.
    :param cap: longest wait at all, in seconds.
    :param chance: drawn from 0 to 1.
    """
    return chance * min(cap, base * 2.0 ** min(attempt - 1, 60))
