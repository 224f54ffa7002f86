"""What ``/hooks/health`` says to probes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from starlette.responses import JSONResponse

from hookline.database import autocommit
from hookline.inbox.models import InboxEvent
from hookline.ingress.answer import PUBLIC

FRESH_SECONDS = 1.0
DATABASE_SECONDS = 5.0


class Health:
    """Liveness and readiness of this process."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.leaving = False
        """Whether the process is to end, so that nobody is to be sent here any more."""
        self._farewells: list[Callable[[], None]] = []
        self._look: asyncio.Future[str] | None = None
        self._looked = 0.0

    def on_leaving(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called when the process is to end, before its last answers are waited for."""
        self._farewells.append(callback)

    def leave(self) -> None:
        """Tell probes, and whoever asked, that the process is to end; on the event loop."""
        if not self.leaving:
            self.leaving = True
            for callback in self._farewells:
                callback()

    async def live(self) -> JSONResponse:
        """Answer 200 while the process's loops run; a dead one is mended by a restart only."""
        dead = [task.get_name() for task in self.tasks if task.done()]
        return JSONResponse(
            {"alive": not dead, "stopped": dead}, status_code=503 if dead else 200, headers=PUBLIC
        )

    async def ready(self) -> JSONResponse:
        """Answer 200 when an event could be stored now."""
        dead = [task.get_name() for task in self.tasks if task.done()]
        database = await self._database_state()
        ready = not dead and database == "ok" and not self.leaving
        return JSONResponse(
            {"ready": ready, "database": database, "stopped": dead}
            | ({"leaving": True} if self.leaving else {}),
            status_code=200 if ready else 503,
            headers=PUBLIC,
        )

    async def _database_state(self) -> str:
        # Probes share one look, also one that hangs: strangers must not use up threads or connections.
        if self._look is None or (self._look.done() and time.monotonic() - self._looked >= FRESH_SECONDS):
            self._looked = time.monotonic()
            self._look = asyncio.ensure_future(asyncio.to_thread(database_state))
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await asyncio.shield(self._look)
        except TimeoutError:
            return "does not answer"


def database_state() -> str:
    """Return ``ok``, or what is wrong and what to do; blocking."""
    try:
        try:
            _look()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            _look()  # a pooled connection had died; a new one tells
    except OperationalError as error:
        # SQLite reports a missing table so
        missing = "no such table" in str(error)
        return "tables are missing: run `airflow db migrate`" if missing else "unreachable"
    except ProgrammingError:
        return "tables are missing: run `airflow db migrate`"
    except SQLAlchemyError as error:
        return type(error).__name__
    return "ok"


def require_database() -> None:
    """End a command that has no database to work with; blocking.

    :raises SystemExit: with what is wrong and what to do.
    """
    state = database_state()
    if state != "ok":
        raise SystemExit(f"The metadata database: {state}.")


def _look() -> None:
    with autocommit() as connection:
        connection.execute(select(InboxEvent.seq).limit(1))
