"""Group commit: all requests that wait are stored by one insert, which is one commit.

While one batch is being written the next one gathers, so that the batch grows with the load and a lone
request waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from hookline.database import autocommit
from hookline.inbox import store

if TYPE_CHECKING:
    from hookline.protocol.intake import Accepted

MAX_BATCH = 500
STORE_SECONDS = 15.0
MAX_WAITING_BYTES = 64 * 1024 * 1024


Result = bool | SQLAlchemyError | ValueError


class Overloaded(Exception):
    """More is waiting to be stored than memory is set aside for."""


class GroupCommit:
    """Stores events on a thread of its own.

    :param on_stored: called on the event loop after each commit that stored something new.
    """

    def __init__(self, on_stored: Callable[[], None]) -> None:
        self._on_stored = on_stored
        self._waiting: deque[tuple[Accepted, asyncio.Future[bool]]] = deque()
        self._bytes = 0
        self._some = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-inbox")

    async def store(self, event: Accepted) -> bool:
        """Commit one event.

        :returns: True if it is new, False if the source had sent it before.
        :raises Overloaded: too much is waiting; nothing was stored.
        :raises TimeoutError: the database takes too long; the event may be stored yet.
        :raises SQLAlchemyError, ValueError: the database did not take it.
        """
        if self._bytes + len(event.body) > MAX_WAITING_BYTES:
            raise Overloaded
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        self._bytes += len(event.body)
        self._some.set()
        return await done

    async def run(self) -> None:
        """Write batches until cancelled; then what waits is written before this ends."""
        try:
            while True:
                await self._some.wait()
                self._some.clear()
                while self._waiting:
                    await self._write_batch()
        finally:
            while self._waiting:
                await self._write_batch()
            self._thread.shutdown(wait=False)

    async def _write_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        self._bytes -= sum(len(event.body) for event, _ in batch)
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(self._thread, write, [event for event, _ in batch])
        try:
            # One timer for a batch: one for each request would cost as much as parsing it.
            while not (await asyncio.wait([writing], timeout=STORE_SECONDS))[0]:
                self._give_up(batch)
        finally:
            await asyncio.wait([writing])
            self._settle(batch, writing.result())

    def _give_up(self, batch: list[tuple[Accepted, asyncio.Future[bool]]]) -> None:
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._bytes -= sum(len(event.body) for event, _ in waiting)
        for _, done in [*batch, *waiting]:
            if not done.done():
                done.set_exception(TimeoutError())

    def _settle(self, batch: list[tuple[Accepted, asyncio.Future[bool]]], results: list[Result]) -> None:
        for (_, done), result in zip(batch, results, strict=True):
            if done.done():  # the client went away
                continue
            if isinstance(result, bool):
                done.set_result(result)
            else:
                done.set_exception(result)
        if True in results:
            self._on_stored()


def write(events: list[Accepted]) -> list[Result]:
    """Store a batch in one transaction; when the database refuses the batch, each event in its own.

    :returns: for each event True if it is new, False if it is known, or the error that kept it out.
    """
    unique: dict[tuple[str, str], Accepted] = {}
    for event in events:  # the order of arrival is the order of dispatch
        unique.setdefault((event.source, event.event_id), event)
    try:
        new = _insert(list(unique.values()))
    except OperationalError as error:  # the database is away, not the event bad
        return [error] * len(events)
    except (DBAPIError, ValueError) as error:  # ValueError: text a driver cannot send, as NUL
        if len(events) == 1:
            return [error]
        return [result for event in events for result in write([event])]
    except SQLAlchemyError as error:
        return [error] * len(events)
    results: list[Result] = []
    for event in events:
        key = (event.source, event.event_id)
        results.append(key in new)
        new.discard(key)
    return results


def _insert(events: list[Accepted]) -> set[tuple[str, str]]:
    try:
        with autocommit() as connection:
            return store.add(connection, events)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    # The pooled connection was dead, as after a restart of the database; what was committed counts as known.
    with autocommit() as connection:
        return store.add(connection, events)
