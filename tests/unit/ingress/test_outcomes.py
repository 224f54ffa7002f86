"""One loop looks for all requests that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from hookline.ingress import outcomes
from hookline.ingress.outcomes import Outcomes
from hookline.protocol.outcome import Key, Outcome

KEY = ("shop", "1")
DONE = Outcome("success")


class Database:
    """Tells what it was told."""

    def __init__(self) -> None:
        self.known: dict[Key, Outcome] = {}
        self.looks: list[tuple[Collection[Key], bool]] = []
        self.errors: list[Exception] = []

    def look(self, keys: Collection[Key], final: bool) -> dict[Key, Outcome]:
        self.looks.append((keys, final))
        if self.errors:
            raise self.errors.pop()
        return {key: self.known[key] for key in keys if key in self.known}


def run(case: Callable[[Outcomes, Database], Awaitable[Any]]) -> None:
    async def main() -> None:
        database = Database()
        waiting = Outcomes(database.look)
        loop = asyncio.create_task(waiting.run())
        await case(waiting, database)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        assert waiting.waiting == 0

    asyncio.run(asyncio.wait_for(main(), 20))


def held(waiting: Outcomes, key: Key = KEY) -> asyncio.Future[Outcome]:
    future = waiting.hold(key)
    assert future is not None
    return future


def test_nobody_waits_and_nobody_looks() -> None:
    async def case(waiting: Outcomes, database: Database) -> None:
        database.known[KEY] = DONE
        assert await held(waiting) == DONE
        count = len(database.looks)
        await asyncio.sleep(3 * outcomes.QUICK)
        assert len(database.looks) == count

    run(case)


def test_all_who_wait_share_a_look() -> None:
    async def case(waiting: Outcomes, database: Database) -> None:
        keys = [("shop", str(number)) for number in range(100)]
        database.known = dict.fromkeys(keys, DONE)
        assert await asyncio.gather(*(held(waiting, key) for key in keys)) == [DONE] * 100
        assert len(database.looks) == 1

    run(case)


def test_who_comes_late_is_looked_for_at_once() -> None:
    async def case(waiting: Outcomes, database: Database) -> None:
        first = held(waiting)
        await asyncio.sleep(2.0)  # looks have become slow
        count = len(database.looks)
        database.known[("shop", "2")] = DONE
        began = asyncio.get_running_loop().time()
        assert await held(waiting, ("shop", "2")) == DONE
        assert asyncio.get_running_loop().time() - began < outcomes.SLOW / 2
        assert len(database.looks) <= count + 2
        first.cancel()

    run(case)


def test_two_who_wait_for_the_same_event_are_both_told() -> None:
    async def case(waiting: Outcomes, database: Database) -> None:
        database.known[KEY] = DONE
        assert await asyncio.gather(held(waiting), held(waiting)) == [DONE, DONE]

    run(case)


@pytest.mark.parametrize("error", [OperationalError("", {}, Exception()), RuntimeError("bug")], ids=repr)
def test_a_look_that_fails_is_repeated(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(outcomes, "RETRY_SECONDS", 0.01)

    async def case(waiting: Outcomes, database: Database) -> None:
        database.known[KEY] = DONE
        database.errors = [error]
        assert await held(waiting) == DONE

    run(case)


def test_who_stops_waiting_is_forgotten() -> None:
    async def case(waiting: Outcomes, _database: Database) -> None:
        future = held(waiting)
        future.cancel()
        await asyncio.sleep(0)
        assert waiting.waiting == 0

    run(case)


def test_when_the_process_is_to_end_everybody_is_let_go() -> None:
    async def case(waiting: Outcomes, _database: Database) -> None:
        futures = [held(waiting), waiting.ask(KEY)]
        waiting.close()
        assert all(future is not None and future.cancelled() for future in futures)
        assert waiting.hold(KEY) is None

    run(case)


def test_too_many_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "MAX_HELD", 1)

    async def case(waiting: Outcomes, _database: Database) -> None:
        future = held(waiting)
        assert waiting.hold(("shop", "2")) is None
        future.cancel()

    run(case)
