"""Group commit: all requests that wait are stored by one insert, which is one commit.

A request has one event, or a batch of them that is stored as a whole or not at all.

While one batch is being written the next one gathers, so that the batch grows with the load and a lone
request waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hookline.database import async_engine, is_away
from hookline.inbox import replays, store

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from hookline.protocol.intake import Accepted

MAX_BATCH = 500
MAX_ROWS = 2000
"""In one statement: a batch that is nearly full, and one request more."""
STORE_SECONDS = 15.0
CLOSE_SECONDS = 3.0
MAX_WAITING_BYTES = 64 * 1024 * 1024


class Stored(NamedTuple):
    """What became of an event.

    :param event_id: its own; of a replay that of the event it replays.
    :param new: False if the source had sent it before.
    """

    event_id: str
    new: bool


Result = tuple[Stored, ...] | BaseException
Request = tuple["Accepted", ...]
Key = tuple[str, str]


class Overloaded(Exception):
    """More is waiting to be stored than memory is set aside for."""


class GroupCommit:
    """Stores events through the asynchronous driver: a thread would wait for the interpreter's lock.

    :param on_stored: called on the event loop after each commit that stored something new.
    """

    def __init__(self, on_stored: Callable[[], None]) -> None:
        self._on_stored = on_stored
        self._waiting: deque[tuple[Request, asyncio.Future[tuple[Stored, ...]]]] = deque()
        self._bytes = 0
        self._some = asyncio.Event()

    async def store(self, event: Accepted) -> bool:
        """Commit one event; raises as :meth:`store_all` does.

        :returns: True if it is new, False if the source had sent it before.
        """
        return (await self.store_all((event,)))[0].new

    async def store_all(self, events: Request) -> tuple[Stored, ...]:
        """Commit the events of one request, all or none.

        :returns: what became of each.
        :raises Overloaded: too much is waiting; nothing was stored.
        :raises TimeoutError: the database takes too long; they may be stored yet.
        :raises SQLAlchemyError, ValueError, OSError: the database did not take them.
        """
        size = _size(events)
        if self._bytes + size > MAX_WAITING_BYTES:
            raise Overloaded
        done: asyncio.Future[tuple[Stored, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, done))
        self._bytes += size
        self._some.set()
        return await done

    async def run(self) -> None:
        """Write batches until cancelled; then what waits is written before this ends."""
        engine = async_engine()
        try:
            while True:
                await self._some.wait()
                self._some.clear()
                while self._waiting:
                    await self._write_batch(engine)
        finally:
            while self._waiting:
                await self._write_batch(engine)
            with suppress(TimeoutError):  # a server that is gone says no goodbye
                async with asyncio.timeout(CLOSE_SECONDS):
                    await engine.dispose()

    async def _write_batch(self, engine: AsyncEngine) -> None:
        batch = self._next_batch()
        writing = asyncio.create_task(  # noqa: RUF006  waited for below
            write(engine, [events for events, _ in batch])
        )
        try:
            # One timer for a batch: one for each request would cost as much as parsing it.
            overdue = 0
            while not (await asyncio.wait([writing], timeout=STORE_SECONDS))[0]:
                overdue += 1
                if overdue == 2:
                    writing.cancel()  # the connection leads nowhere; the next batch gets a new one
                self._give_up(batch)
        finally:
            if not writing.done():  # the process is to end; what has begun may finish
                await asyncio.wait([writing], timeout=STORE_SECONDS)
            if writing.done():
                self._settle(batch, _results(writing, len(batch)))
            else:
                writing.cancel()
                self._give_up(batch)

    def _next_batch(self) -> list[tuple[Request, asyncio.Future[tuple[Stored, ...]]]]:
        batch = []
        count = 0
        while self._waiting and count < MAX_BATCH:
            events, done = self._waiting.popleft()
            self._bytes -= _size(events)
            count += len(events)
            batch.append((events, done))
        return batch

    def _give_up(self, batch: list[tuple[Request, asyncio.Future[tuple[Stored, ...]]]]) -> None:
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._bytes -= sum(_size(events) for events, _ in waiting)
        for _, done in [*batch, *waiting]:
            if not done.done():
                done.set_exception(TimeoutError())

    def _settle(
        self, batch: list[tuple[Request, asyncio.Future[tuple[Stored, ...]]]], results: Sequence[Result]
    ) -> None:
        news = False
        for (_, done), result in zip(batch, results, strict=True):
            if isinstance(result, tuple):
                news = news or any(stored.new for stored in result)
            if done.done():  # the client went away
                continue
            if isinstance(result, tuple):
                done.set_result(result)
            else:
                done.set_exception(result)
        if news:
            self._on_stored()


def _size(events: Request) -> int:
    return sum(len(event.body) for event in events)


def _results(writing: asyncio.Task[list[Result]], count: int) -> list[Result]:
    if writing.cancelled():
        return [TimeoutError()] * count
    error = writing.exception()
    return [error] * count if error else writing.result()


async def write(engine: AsyncEngine, requests: list[Request]) -> list[Result]:
    """Store the events of all requests by one statement; if the database refuses it, each request by its own.

    :returns: for each request what became of its events, or the error that kept them out.
    """
    unique: dict[tuple[str, str], Accepted] = {}
    for events in requests:  # the order of arrival is the order of dispatch
        for event in events:
            unique.setdefault((event.source, event.event_id), event)
    try:
        new, originals = await _insert(engine, list(unique.values()))
    except (DBAPIError, OSError, ValueError) as error:  # ValueError: text a driver cannot send, as NUL
        if is_away(error) or len(requests) == 1:
            return [error] * len(requests)
        return [result for events in requests for result in await write(engine, [events])]
    except SQLAlchemyError as error:
        return [error] * len(requests)
    return [tuple(_stored(event, new, originals) for event in events) for events in requests]


def _stored(event: Accepted, new: set[Key], originals: Mapping[Key, str]) -> Stored:
    key = (event.source, event.event_id)
    is_new = key in new
    new.discard(key)  # one of several equal ones
    return Stored(originals.get(key, event.event_id), is_new)


async def _insert(engine: AsyncEngine, events: list[Accepted]) -> tuple[set[Key], Mapping[Key, str]]:
    try:
        return await _insert_once(engine, events)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    # The pooled connection was dead, as after a restart of the database; what was committed counts as known.
    return await _insert_once(engine, events)


async def _insert_once(engine: AsyncEngine, events: list[Accepted]) -> tuple[set[Key], Mapping[Key, str]]:
    async with engine.connect() as connection:
        # One statement, whatever its length: on SQLite each page would be a commit of its own.
        await connection.execution_options(isolation_level="AUTOCOMMIT", insertmanyvalues_page_size=MAX_ROWS)
        return await connection.run_sync(_add, events)


def _add(connection: Connection, events: list[Accepted]) -> tuple[set[Key], Mapping[Key, str]]:
    originals = replays.originals(connection, events)
    fresh = [event for event in events if (event.source, event.event_id) not in originals]
    return store.add(connection, fresh) if fresh else set(), originals
