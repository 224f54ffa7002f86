"""Run the deliverer until something is true, and look at the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hookline import database
from hookline.delivery.loop import Deliverer
from hookline.delivery.settings import Settings
from hookline.outbox import reading, store
from hookline.outbox.reading import Filter
from hookline.protocol.breaker import Rules

SECONDS = 20.0
POLL = 0.05
QUICK = Settings(schedule=(0.05, 0.05, 0.05), in_flight=16, rules=Rules(failures=1000, pause=0.2))
"""The standard schedule, compressed; the breaker stays closed."""


def inside(work: Callable[[Session], Any]) -> Any:
    """Return what ``work`` does in one transaction."""
    with Session(database.engine()) as session, session.begin():
        return work(session)


def add(*messages: Any) -> None:
    inside(lambda session: store.add(session, messages))


def rows(only: Filter | None = None) -> list[Any]:
    """Return deliveries, oldest first."""
    return inside(lambda session: reading.page(session, only or Filter(), limit=500))[::-1]


def row(number: int = 0) -> Any:
    return inside(lambda session: reading.find(session, f"msg_{number:08}"))


def attempts(number: int = 0) -> list[Any]:
    """Return the attempts at a delivery, oldest first."""
    seq = row(number).seq
    return inside(lambda session: reading.attempts(session, seq))[::-1]


def endpoint() -> Any:
    return inside(reading.endpoints)[0]


def all_in(*states: str) -> Callable[[], bool]:
    """Return whether every delivery is in one of the states."""
    return lambda: {one.state for one in rows()} <= set(states)


def run(until: Callable[[], bool], settings: Settings = QUICK, replicas: int = 1) -> None:
    """Deliver until it is true."""
    asyncio.run(_run(until, [Deliverer(settings, POLL) for _ in range(replicas)]))


async def _run(until: Callable[[], bool], deliverers: Sequence[Deliverer]) -> None:
    tasks = [asyncio.create_task(deliverer.run()) for deliverer in deliverers]
    try:
        async with asyncio.timeout(SECONDS):
            while not await asyncio.to_thread(until):
                assert not any(task.done() for task in tasks)
                await asyncio.sleep(POLL)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
