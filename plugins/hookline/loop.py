"""A loop of the server: blocking work on a thread of its own, again and again, as long as there is some."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

MAX_PAUSE = 30.0


class Loop:
    """Calls ``work`` whenever there may be something to do.

    :param name: for the log and the thread.
    :param work: returns how much it did; 0 when nothing is left.
    :param poll: seconds between looks when nothing was left.
    """

    def __init__(self, name: str, work: Callable[[], int], poll: float) -> None:
        self._name = name
        self._work = work
        self._poll = poll
        self._wake = asyncio.Event()
        self._running: asyncio.AbstractEventLoop | None = None
        # One thread: a process does one piece at a time; replicas work beside each other.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"hookline-{name}")

    def wake(self) -> None:
        """Look now; called on any thread."""
        if self._running is not None and not self._running.is_closed():
            self._running.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Work until cancelled; what has begun is finished first."""
        self._running = asyncio.get_running_loop()
        failures = 0
        try:
            while True:
                self._wake.clear()
                try:
                    worked = await self._in_thread()
                    failures = 0
                except Exception as error:  # the loop outlives whatever one look at the database raises
                    failures += 1
                    expected = isinstance(error, SQLAlchemyError)
                    log.warning(
                        "loop failed", loop=self._name, error=type(error).__name__, exc_info=not expected
                    )
                    await asyncio.sleep(min(0.25 * 2 ** min(failures, 10), MAX_PAUSE))
                    continue
                if not worked:
                    await self._pause()
        finally:
            self._thread.shutdown(wait=False)

    async def _in_thread(self) -> int:
        working = asyncio.get_running_loop().run_in_executor(self._thread, self._work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working])
            raise

    async def _pause(self) -> None:
        # Not `wait_for`: up to Python 3.11 it forgets to be cancelled when it is woken at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._wake.wait()
