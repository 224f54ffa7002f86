"""The deliverer's loop: takes what is due, sends it beside each other, records in groups."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.connections import BackendUnavailable
from hookline.database import async_engine
from hookline.delivery import recording
from hookline.delivery.attempt import attempt, trace_id
from hookline.delivery.claim_check import ClaimCheck
from hookline.delivery.settings import Settings
from hookline.delivery.taking import Taking
from hookline.delivery.targets import Targets
from hookline.http.async_transport import AsyncTransport
from hookline.outbox import claims

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from hookline.outbox.results import Result

log = structlog.get_logger(__name__)

MAX_PAUSE = 30.0
QUIET_FACTOR = 2.5
"""The poll is slower while nothing is due for a while."""
BUSY_SECONDS = 60.0
STOP_SECONDS = 5.0
LOOKUPS = 16


class Deliverer:
    """Sends what the outbox holds, together with the deliverers of other processes.

    :param poll: seconds between looks for what other processes added, and for retries.
    """

    def __init__(self, settings: Settings, poll: float) -> None:
        self._settings = settings
        self._poll = poll
        self._wake = asyncio.Event()
        self._targets = Targets(settings.timeout)
        self._large = ClaimCheck(settings.most_bytes, settings.storage, settings.timeout)
        self._taking = Taking(settings, self._targets, self._wake.set)
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="hookline-lookups")
        self._transport = AsyncTransport(self._lookups, idle=settings.in_flight)
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._sending: dict[asyncio.Task[None], Any] = {}
        self._ended: list[Result] = []
        self._busy_until = 0.0
        self._running: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look now; called on any thread."""
        if self._running is not None and not self._running.is_closed():
            self._running.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver until cancelled; what has begun is waited for shortly, and recorded."""
        self._running = asyncio.get_running_loop()
        engine = async_engine()
        failures = 0
        try:
            async with self._transport:
                try:
                    while True:
                        self._wake.clear()
                        try:
                            busy = await _finished(self._round(engine))
                            failures = 0
                        except (
                            Exception
                        ) as error:  # the loop outlives whatever one look at the database raises
                            failures += 1
                            expected = isinstance(error, SQLAlchemyError | OSError | TimeoutError)
                            log.warning("delivery failed", error=type(error).__name__, exc_info=not expected)
                            await asyncio.sleep(min(0.25 * 2 ** min(failures, 10), MAX_PAUSE))
                            continue
                        await self._pause(busy)
                finally:
                    await self._stop(engine)
        finally:
            self._targets.close()
            self._large.close()
            self._lookups.shutdown(wait=False, cancel_futures=True)
            with suppress(TimeoutError):  # a server that is gone says no goodbye
                async with asyncio.timeout(STOP_SECONDS):
                    await engine.dispose()

    async def _pause(self, busy: bool) -> None:
        if busy:
            self._busy_until = time.monotonic() + BUSY_SECONDS
        quiet = time.monotonic() > self._busy_until
        # Not `wait_for`: up to Python 3.11 it forgets to be cancelled when it is woken at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll * QUIET_FACTOR if quiet else self._poll):
                await self._wake.wait()

    async def _round(self, engine: AsyncEngine) -> bool:
        """Record what has ended and take what is due; return whether there was anything."""
        recorded = await self._record(engine)
        if not self._taking.traffic.room:
            return True
        now = datetime.now(UTC)
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            due = await connection.run_sync(claims.due_endpoints, now)
        if not due:
            return recorded
        async with engine.begin() as connection:
            taken = await connection.run_sync(self._taking.take, due, now)
        for row, troubled in taken:
            self._taking.traffic.begin(row.endpoint)
            task = asyncio.create_task(self._send(row, troubled))
            self._sending[task] = row
            task.add_done_callback(partial(self._sent, row.endpoint))
        return True

    async def _record(self, engine: AsyncEngine) -> bool:
        if not self._ended:
            return False
        ended, self._ended = self._ended, []
        try:
            notices = await recording.record(engine, ended, self._settings.rules)
        except BaseException:
            self._ended = [*ended, *self._ended]
            raise
        for notice in notices:
            log.warning("endpoint disabled", endpoint=notice)
        return True

    async def _send(self, row: Any, troubled: bool) -> None:
        async with self._slots:
            # Another process may have taken it by the time that it would be sent.
            steps = 2 if self._large.is_large(row) else 1  # what is large is stored first
            latest = row.due_at - timedelta(seconds=steps * self._settings.timeout)
            if datetime.now(UTC) > latest:
                return
            self._sending[_current()] = None  # begun
            try:
                result = await attempt(row, self._targets, self._transport, self._settings, self._large)
            except BackendUnavailable as error:
                log.warning("a Connection cannot be read", endpoint=row.endpoint, reason=str(error))
                return
            self._ended.append(replace(result, troubled=troubled))
            _report(row, result)

    def _sent(self, key: str, task: asyncio.Task[None]) -> None:
        self._sending.pop(task, None)
        self._taking.traffic.end(key)
        if not task.cancelled() and (error := task.exception()):
            log.error("attempt failed", endpoint=key, exc_info=error)
        self._wake.set()

    async def _stop(self, engine: AsyncEngine) -> None:
        waiting = {task: row for task, row in self._sending.items() if row is not None}
        for task in waiting:
            task.cancel()
        begun = [task for task in self._sending if task not in waiting]
        if begun:
            await asyncio.wait(begun, timeout=STOP_SECONDS)
        for task in [task for task in begun if not task.done()]:
            task.cancel()  # its lease ends, and another process sends it again
        await asyncio.gather(*begun, *waiting, return_exceptions=True)
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._record(engine)
                await _give_back(engine, list(waiting.values()))


def _report(row: Any, result: Result) -> None:
    log.info(
        "attempt",
        delivery=row.delivery_id,
        endpoint=row.endpoint,
        webhook=row.webhook,
        transition=row.transition,
        dag_id=row.dag_id,
        run_id=row.run_id,
        task_id=row.task_id,
        map_index=row.map_index,
        attempt=row.attempts + 1,
        status=result.outcome.status,
        seconds=result.seconds,
        decision=type(result.decision).__name__.lower(),
        trace_id=trace_id(row.target),
        # Why it failed may quote the answer, which is for the record, not for the log.
    )


async def _give_back(engine: AsyncEngine, rows: Sequence[Any]) -> None:
    by_lease: dict[datetime, list[int]] = {}
    for row in rows:
        by_lease.setdefault(row.due_at, []).append(row.seq)
    async with engine.begin() as connection:
        for lease, numbers in by_lease.items():
            await connection.run_sync(claims.give_back, numbers, lease, datetime.now(UTC))


async def _finished(work: Any) -> bool:
    # What was sent is to be recorded, and what was taken to be known, even if the process is to end.
    task = asyncio.ensure_future(work)
    try:
        return bool(await asyncio.shield(task))
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=STOP_SECONDS)
        raise


def _current() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  only tasks run this
    return task
