"""Rate limits: fixed windows of the library ``limits``, in Redis or in this process."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError as LimitsError
from limits.errors import StorageError
from limits.storage import storage_from_string

from hookline.exceptions import ConfigurationError
from hookline.protocol.problem import TOO_MANY_REQUESTS, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limits import RateLimitItem

log = structlog.get_logger(__name__)

MOST_KEYS = 20_000
REDIS_SECONDS = 0.5
AWAY_SECONDS = 5.0


class Counters(Storage):
    """Counts in this process, with a bound.

    The library's own memory storage goes over all its keys again and again, and keeps as many as there are
    clients (limits 5.8, ``limits/aio/storage/memory.py``): a flood from many addresses would stop the loop.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing is raised."""
        return ValueError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; a window begins with its first request."""
        count, end = self._windows.get(key, (0, 0.0))
        now = time.time()
        if end <= now:
            self._windows.pop(key, None)  # the order is that of beginning
            count, end = 0, now + expiry
        self._windows[key] = (count + amount, end)
        while len(self._windows) > MOST_KEYS:
            self._windows.popitem(last=False)
        return count + amount

    async def get(self, key: str) -> int:
        """Return the count of the window that runs."""
        count, end = self._windows.get(key, (0, 0.0))
        return count if end > time.time() else 0

    async def get_expiry(self, key: str) -> float:
        """Return when the window ends, as Unix time."""
        return self._windows.get(key, (0, time.time()))[1]

    async def check(self) -> bool:
        """Return True."""
        return True

    async def reset(self) -> int:
        """Forget all."""
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget one."""
        self._windows.pop(key, None)


class Rates:
    """Counts requests, in Redis where there is one.

    While Redis is away each process counts for itself: senders are not shut out, and a flood is still
    bounded, by the rate times the number of processes.

    :param url: of the shared storage, ``redis://…``; empty for none.
    :raises ConfigurationError: the URL, or the library ``redis``, cannot be used.
    """

    def __init__(self, url: str = "") -> None:
        self._storage = _shared(url) if url else None
        self._shared = FixedWindowRateLimiter(self._storage) if self._storage else None
        self._own: dict[str, FixedWindowRateLimiter] = {}  # one each: clients push no source out
        self._away_until = 0.0

    async def take(self, rates: Iterable[RateLimitItem], kind: str, key: str) -> None:
        """Count one request.

        :param kind: ``source`` or ``client``.
        :raises Rejected: 429, with the seconds until the window ends.
        """
        for rate in rates:
            until = await self._until(rate, kind, key)
            if until is not None:
                seconds = max(1, math.ceil(until - time.time()))
                raise Rejected(
                    TOO_MANY_REQUESTS,
                    f"More than {rate} from this {kind}."
                    if kind == "client"
                    else f"The {kind} takes {rate}.",
                    headers={"Retry-After": str(seconds)},
                )

    async def reached(self) -> bool:
        """Tell whether the shared storage answers."""
        if self._storage is None:
            return False
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return bool(await self._storage.check())
        except (StorageError, TimeoutError, OSError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._storage is not None:
            with suppress(Exception):  # whatever a server that is gone raises
                await self._storage.bridge.storage.aclose()

    async def _until(self, rate: RateLimitItem, kind: str, key: str) -> float | None:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    return await _hit(self._shared, rate, kind, key)
            except (StorageError, TimeoutError, OSError) as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("rate limits are each process's own: Redis is away", error=type(error).__name__)
        own = self._own.get(kind)
        if own is None:
            own = self._own[kind] = FixedWindowRateLimiter(Counters())
        return await _hit(own, rate, kind, key)


async def _hit(limiter: FixedWindowRateLimiter, rate: RateLimitItem, kind: str, key: str) -> float | None:
    if await limiter.hit(rate, "hookline", kind, key):
        return None
    return (await limiter.get_window_stats(rate, "hookline", kind, key)).reset_time


def _shared(url: str) -> Any:
    if not url.startswith(("redis://", "rediss://", "redis+unix://")):
        raise ConfigurationError(
            "[hookline] rate_limit_storage is the URL of a Redis: `redis://host:6379/0`."
        )
    try:
        return storage_from_string(
            f"async+{url}",
            implementation="redispy",
            wrap_exceptions=True,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        )
    except (LimitsError, ValueError):
        raise ConfigurationError(
            "[hookline] rate_limit_storage cannot be used: check the URL; install `airflow-hookline[redis]`."
        ) from None
