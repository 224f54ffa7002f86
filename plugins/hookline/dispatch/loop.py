"""The dispatcher's loop: woken by an accepted event, else a slow poll for what other processes accepted."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.dispatch import batch, holds
from hookline.dispatch.dags import EventDags

log = structlog.get_logger(__name__)

MAX_PAUSE = 30.0


class Dispatcher:
    """Runs :func:`hookline.dispatch.batch.dispatch` whenever there may be something to do.

    :param poll: seconds between looks for events accepted by other processes.
    :param hold_poll: seconds between looks for held events that can go out.
    """

    def __init__(self, poll: float, hold_poll: float) -> None:
        self._poll = poll
        self._hold_poll = hold_poll
        self._wake = asyncio.Event()
        self._dags = EventDags()
        self._next_holds = 0.0
        # One thread: a process dispatches one batch at a time; replicas work beside each other.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-dispatch")

    def wake(self) -> None:
        """Look for events now; called on the event loop."""
        self._wake.set()

    async def run(self) -> None:
        """Dispatch until cancelled; a batch that has begun is finished first."""
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
                    log.warning("dispatch failed", error=type(error).__name__, exc_info=not expected)
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

    def _work(self) -> int:
        released = 0
        if time.monotonic() >= self._next_holds:
            self._next_holds = time.monotonic() + self._hold_poll
            released = holds.release(self._dags)
        return released + batch.dispatch(self._dags)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout=self._poll)
