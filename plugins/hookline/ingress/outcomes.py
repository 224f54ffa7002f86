"""Waiting for what becomes of events: one look at the database for all requests that wait.

A look reads what ended since, whichever process dispatched it. Without a request that waits there is none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.protocol.outcome import Key, Outcome

log = structlog.get_logger(__name__)

MAX_HELD = 5000
"""Requests of one process; a further one is not held."""
QUICK = 0.1
SLOW = 1.0
GROWTH = 1.25
DUTY = 10
"""A look that took a second is followed by ten without one."""
RETRY_SECONDS = 2.0

Look = Callable[[Collection[Key], bool], Mapping[Key, Outcome]]


class Outcomes:
    """Tells requests what has become of their events.

    :param look: returns the outcomes of events by one query, blocking; with True only final ones.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._held: dict[Key, set[asyncio.Future[Outcome]]] = {}
        self._asked: dict[Key, set[asyncio.Future[Outcome]]] = {}
        self.waiting = 0
        self._some = asyncio.Event()
        self._new = asyncio.Event()
        self._pause = QUICK
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-outcomes")

    def hold(self, key: Key) -> asyncio.Future[Outcome] | None:
        """Return what becomes of an event, once it is final.

        The future is cancelled when the process is to end. Whoever stops waiting cancels it.

        :returns: None when too many wait already, or the process is to end.
        """
        return self._add(self._held, key)

    def ask(self, key: Key) -> asyncio.Future[Outcome] | None:
        """Return what has become of an event, by the next look.

        :returns: None as :meth:`hold` does.
        """
        return self._add(self._asked, key)

    def close(self) -> None:
        """Let everybody go; on the event loop."""
        self._closed = True
        for waiting in [*self._held.values(), *self._asked.values()]:
            for future in list(waiting):
                future.cancel()

    async def run(self) -> None:
        """Look until cancelled, while anybody waits."""
        try:
            while True:
                await self._some.wait()
                self._new.clear()
                began = time.monotonic()
                try:
                    found = await self._look_once()
                except Exception as error:  # the loop outlives whatever one look at the database raises
                    expected = isinstance(error, SQLAlchemyError)
                    log.warning("outcomes not read", error=type(error).__name__, exc_info=not expected)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                took = time.monotonic() - began
                self._pause = QUICK if found else min(self._pause * GROWTH, SLOW)
                if not self.waiting:
                    self._some.clear()
                await self._rest(max(QUICK, took * DUTY))
        finally:
            self.close()
            self._thread.shutdown(wait=False)

    async def _rest(self, least: float) -> None:
        await asyncio.sleep(least)
        with suppress(TimeoutError):  # who comes now is not made to wait as long as who waits for long
            async with asyncio.timeout(self._pause - least):
                await self._new.wait()

    def _add(
        self, waiting: dict[Key, set[asyncio.Future[Outcome]]], key: Key
    ) -> asyncio.Future[Outcome] | None:
        if self._closed or self.waiting >= MAX_HELD:
            return None
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting.setdefault(key, set()).add(future)
        self.waiting += 1
        future.add_done_callback(lambda done: self._drop(waiting, key, done))
        self._pause = QUICK
        self._some.set()
        self._new.set()
        return future

    def _drop(
        self, waiting: dict[Key, set[asyncio.Future[Outcome]]], key: Key, future: asyncio.Future[Outcome]
    ) -> None:
        futures = waiting[key]
        futures.discard(future)
        if not futures:
            del waiting[key]
        self.waiting -= 1

    async def _look_once(self) -> int:
        found = 0
        for waiting, final in ((self._asked, False), (self._held, True)):
            if not waiting:
                continue
            loop = asyncio.get_running_loop()
            outcomes = await loop.run_in_executor(self._thread, self._look, list(waiting), final)
            for key, outcome in outcomes.items():
                for future in list(waiting.get(key, ())):
                    if not future.done():
                        future.set_result(outcome)
                        found += 1
        return found
