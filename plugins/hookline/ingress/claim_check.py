"""Taking what is large, compressed or has files: on threads, and through object storage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline import storage
from hookline.database import autocommit
from hookline.inbox import store
from hookline.protocol.intake import Accepted, Handshake, Taken, events
from hookline.protocol.problem import UNAVAILABLE, Rejected
from hookline.storage import StorageUnavailable

log = structlog.get_logger(__name__)

THREADS = 4
SECONDS = 120.0
"""For parsing and uploading one request."""
LOOKS = (60.0, 300.0, 1800.0)
"""Seconds between looks whether an event was committed whose outcome the database did not tell."""
MAX_LOOKING = 1000


class ClaimCheck:
    """Stores objects before their events, and removes those whose events were not committed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="hookline-claims")
        self._looking: set[asyncio.Task[None]] = set()

    async def take(self, parse: Callable[[], Taken]) -> Taken:
        """Parse on a thread, and write what is to be stored.

        :param parse: makes the events.
        :returns: the events, the contents of their objects dropped.
        :raises Rejected: by ``parse``, or by the storage; then no object is left.
        """
        job = asyncio.get_running_loop().run_in_executor(self._threads, _take, parse)
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.shield(job)
        except TimeoutError:
            job.add_done_callback(self._too_late)
            raise _not_stored(f"Parsing and uploading took more than {SECONDS:g} s.") from None

    def settle(self, accepted: Sequence[Accepted], news: Sequence[bool] | None) -> None:
        """Remove, when the database has answered, the objects of events that are not in the inbox.

        An event that was known before has objects of its own; one that is only hidden by a broken connection
        is told from it by its paths, which are in its row.

        :param news: for each event whether it is new; None if the database did not tell.
        """
        known = news or (False,) * len(accepted)
        open_ = [event for event, new in zip(accepted, known, strict=True) if event.claims and not new]
        if not open_:
            return
        if len(self._looking) >= MAX_LOOKING:
            log.warning("objects left over", paths=_paths(open_))
            return
        task = asyncio.create_task(self._look(open_, 0.0 if news else LOOKS[0]))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    def discard(self, accepted: Sequence[Accepted]) -> None:
        """Remove the objects of events that were certainly not stored."""
        if paths := _paths(accepted):
            with suppress(RuntimeError):  # the process is about to end
                self._threads.submit(storage.remove, paths)

    async def close(self) -> None:
        """End; events whose outcome is still open keep their objects."""
        for task in tuple(self._looking):
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _too_late(self, job: asyncio.Future[Taken]) -> None:
        if not job.cancelled() and job.exception() is None:
            self.discard(events(job.result()))

    async def _look(self, accepted: Sequence[Accepted], first: float) -> None:
        for delay in (first, *LOOKS[1:]):
            await asyncio.sleep(delay)
            with suppress(SQLAlchemyError, OSError):
                await asyncio.get_running_loop().run_in_executor(self._threads, _remove_unknown, accepted)
                return
        log.warning("objects left over", paths=_paths(accepted))


def _take(parse: Callable[[], Taken]) -> Taken:
    taken = parse()
    try:
        storage.put(claim for event in events(taken) for claim in event.claims)
    except StorageUnavailable as error:
        raise _not_stored(str(error)) from None
    if isinstance(taken, Accepted):
        return _emptied(taken)
    return taken if isinstance(taken, Handshake) else tuple(map(_emptied, taken))


def _not_stored(reason: str) -> Rejected:
    return Rejected(
        UNAVAILABLE,
        "The event was not stored; send it again.",
        reason=reason,
        headers={"Retry-After": "10"},
    )


def _emptied(event: Accepted) -> Accepted:
    # Many may wait for the database; what they hold is in storage already.
    return replace(event, claims=tuple(replace(claim, content=b"") for claim in event.claims))


def _paths(accepted: Sequence[Accepted]) -> list[str]:
    return [claim.path for event in accepted for claim in event.claims]


def _remove_unknown(accepted: Sequence[Accepted]) -> None:
    with autocommit() as connection:
        orphans = [
            event
            for event in accepted
            if not store.mentions(connection, event.source, event.event_id, event.claims[0].path)
        ]
    storage.remove(_paths(orphans))
