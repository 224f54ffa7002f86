"""Where the API asks the database: a few threads, each with a connection of Hookline's own pool.

Airflow's threads and connections stay Airflow's: a slow search must not stop its web UI, nor a full pool of
its stop a search.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from hookline.api.problems import BUSY, RETRY
from hookline.database import autocommit, engine
from hookline.protocol.problem import Rejected

THREADS = 2
MAX_WAITING = 64
READ_SECONDS = 5.0
WRITE_SECONDS = 20.0
SQLITE_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: some milliseconds."""

T = TypeVar("T")


class Desk:
    """Runs what needs the database; each statement has a time limit."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="hookline-api")
        self._waiting = 0

    @classmethod
    def of(cls, request: Request) -> Desk:
        """Return the desk of the application that serves a request."""
        desk: Desk = request.app.state.desk
        return desk

    async def read(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` reads.

        :raises Rejected: too much is waiting.
        :raises SQLAlchemyError: the database is away, or a statement took longer than 5 seconds.
        """
        return await self._run(_reading, work)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` returns; what it wrote is committed.

        :raises Rejected: too much is waiting.
        :raises SQLAlchemyError: nothing was written.
        """
        return await self._run(_writing, work)

    async def call(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, which may block on something other than the database.

        :raises Rejected: too much is waiting.
        """
        return await self._run(lambda inner: inner(), work)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, how: Callable[[Any], T], work: Any) -> T:
        if self._waiting >= MAX_WAITING:
            raise Rejected(BUSY, "Too many calls wait for the database.", headers=RETRY)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, how, work)
        finally:
            self._waiting -= 1


def _reading(work: Callable[[Session], T]) -> T:
    if engine().dialect.name == "sqlite":  # a transaction of ours would begin by locking out all writers
        with (
            autocommit() as connection,
            _interrupted(connection, READ_SECONDS),
            Session(connection) as session,
        ):
            return work(session)
    with Session(engine()) as session, session.begin():
        _limit(session, READ_SECONDS, "SET TRANSACTION READ ONLY")
        return work(session)


def _writing(work: Callable[[Session], T]) -> T:
    with Session(engine()) as session, session.begin():
        if session.get_bind().dialect.name == "sqlite":
            with _interrupted(session.connection(), WRITE_SECONDS):
                return work(session)
        _limit(session, WRITE_SECONDS)
        return work(session)


def _limit(session: Session, seconds: float, *further: str) -> None:
    for statement in (*further, f"SET LOCAL statement_timeout = {int(seconds * 1000)}"):
        session.execute(text(statement))


@contextmanager
def _interrupted(connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, SQLITE_STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
