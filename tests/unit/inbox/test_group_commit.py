"""All requests that wait are stored by one insert; each learns what became of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from demo.ports import free_port
from hookline import database
from hookline.inbox import group_commit
from hookline.inbox.group_commit import GroupCommit, Overloaded
from hookline.protocol.intake import Accepted
from tests.unit.inbox.black_hole import BlackHole
from tests.unit.inbox.events import accepted, stored, write

pytestmark = pytest.mark.usefixtures("inbox")


class Wakings:
    """Counts how often the dispatcher would be woken."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def together(*events: Accepted, woken: Callable[[], None] = lambda: None) -> list[Any]:
    """Store events that wait at the same time; return for each its answer or its error."""

    async def main(commit: GroupCommit) -> list[Any]:
        return await asyncio.gather(*(commit.store(event) for event in events), return_exceptions=True)

    return running(main, woken)


def running(main: Callable[[GroupCommit], Awaitable[Any]], woken: Callable[[], None] = lambda: None) -> Any:
    async def run() -> Any:
        commit = GroupCommit(woken)
        task = asyncio.create_task(commit.run())
        try:
            return await main(commit)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(run())


@contextmanager
def inserts() -> Iterator[list[str]]:
    """Collect the statements that store events; each commits by itself."""
    seen: list[str] = []

    def collect(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    yield seen
    event.remove(Engine, "before_cursor_execute", collect)


def test_a_new_event_is_stored_and_a_known_one_is_not() -> None:
    assert together(accepted("1")) == [True]
    assert together(accepted("1"), accepted("2")) == [False, True]
    assert stored() == ["1", "2"]


def test_one_of_many_equal_deliveries_is_new() -> None:
    assert together(*(accepted("1") for _ in range(50))) == [True] + [False] * 49
    assert stored() == ["1"]


def test_what_waits_is_committed_at_once() -> None:
    with inserts() as seen:
        assert together(*(accepted(str(number)) for number in range(200))) == [True] * 200
    assert len(seen) <= 2
    assert len(stored()) == 200


def test_the_first_of_equal_deliveries_is_the_one_that_is_kept() -> None:
    together(accepted("1", event_type="first"), accepted("1", event_type="second"))
    with database.engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT event_type FROM hookline_event").scalars().all() == [
            "first"
        ]


def test_the_dispatcher_is_woken_after_a_commit_with_news_only() -> None:
    woken = Wakings()
    together(accepted("1"), woken=woken)
    assert woken.count == 1
    together(accepted("1"), woken=woken)
    assert woken.count == 1


def test_an_event_the_database_refuses_does_not_take_its_batch_along() -> None:
    # Neither database takes a row without a type.
    answers = together(accepted("1"), accepted("2", event_type=None), accepted("3"))
    assert (answers[0], answers[2]) == (True, True)
    assert isinstance(answers[1], DBAPIError)
    assert sorted(stored()) == ["1", "3"]


def test_an_event_longer_than_its_column_is_refused_alone(inbox: str) -> None:
    answers = together(accepted("1"), accepted("2", source="s" * 101), accepted("3"))
    assert (answers[0], answers[2]) == (True, True)
    assert inbox == "sqlite" or isinstance(answers[1], DBAPIError)  # SQLite does not count


def test_text_the_driver_refuses_is_refused_alone_and_the_next_batch_is_stored(inbox: str) -> None:
    async def main(commit: GroupCommit) -> list[Any]:
        poison = accepted("2", event_type="a\0b" if inbox == "postgresql" else "\ud800")
        waiting = [commit.store(event) for event in (accepted("1"), poison, accepted("3"))]
        first = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        return [*first, await asyncio.wait_for(commit.store(accepted("4")), 10)]

    answers = running(main)
    assert (answers[0], answers[2], answers[3]) == (True, True, True)
    assert isinstance(answers[1], ValueError | DBAPIError)
    assert sorted(stored()) == ["1", "3", "4"]


def test_when_the_database_is_away_every_waiting_request_learns_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        nobody = f"postgresql+psycopg2://airflow@127.0.0.1:{free_port()}/airflow"
        environment.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", nobody)
        answers = together(accepted("1"), accepted("2"))
    assert all(isinstance(answer, OSError | OperationalError) for answer in answers)
    assert together(accepted("1")) == [True]


@pytest.mark.parametrize("inbox", ["postgresql"], indirect=True)  # SQLite has no network
def test_after_the_network_swallowed_a_connection_the_inbox_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "STORE_SECONDS", 0.3)

    async def main() -> list[Any]:
        url = make_url(database.engine().url.render_as_string(hide_password=False))
        async with BlackHole(url.host, url.port) as hole:
            through = url.set(host="127.0.0.1", port=hole.port).render_as_string(hide_password=False)
            monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", through)
            commit = GroupCommit(lambda: None)
            task = asyncio.create_task(commit.run())
            before = await commit.store(accepted("1"))
            hole.swallow()
            during = (await asyncio.gather(commit.store(accepted("2")), return_exceptions=True))[0]
            after = await asyncio.wait_for(again(commit), 20)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return [before, type(during), after]

    async def again(commit: GroupCommit) -> bool:
        while True:  # as a sender does that was answered 503
            with suppress(TimeoutError):
                return await commit.store(accepted("3"))

    assert asyncio.run(main()) == [True, TimeoutError, True]


def test_what_waits_is_stored_before_the_loop_ends() -> None:
    async def run() -> list[Any]:
        commit = GroupCommit(lambda: None)
        task = asyncio.create_task(commit.run())
        waiting = [asyncio.create_task(commit.store(accepted(str(number)))) for number in range(1200)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
        return await asyncio.wait_for(asyncio.gather(*waiting), 30)

    assert asyncio.run(run()) == [True] * 1200
    assert len(stored()) == 1200


def test_a_request_that_gave_up_does_not_disturb_the_others() -> None:
    async def main(commit: GroupCommit) -> Any:
        leaving = asyncio.create_task(commit.store(accepted("1")))
        staying = asyncio.create_task(commit.store(accepted("2")))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert running(main) is True


def test_no_more_waits_than_memory_is_set_aside_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING_BYTES", 250)
    answers = together(*(accepted(str(number), body="x" * 100) for number in range(4)))
    assert answers[:2] == [True, True]
    assert [type(answer) for answer in answers[2:]] == [Overloaded, Overloaded]


def test_room_is_made_again_when_a_batch_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING_BYTES", 150)

    async def main(commit: GroupCommit) -> list[bool]:
        return [await commit.store(accepted(str(number), body="x" * 100)) for number in range(4)]

    assert running(main) == [True] * 4


def test_a_batch_that_is_all_known_is_all_duplicates() -> None:
    events = [accepted(str(number)) for number in range(3)]
    assert write(events) == [True] * 3
    assert write(events[::-1]) == [False] * 3


async def batches(commit: GroupCommit, *requests: tuple[Accepted, ...]) -> list[Any]:
    """Store requests that wait at the same time; return for each whether its events are new."""
    asked = (commit.store_all(events) for events in requests)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [
        tuple(stored.new for stored in answer) if isinstance(answer, tuple) else answer for answer in answers
    ]


def test_the_events_of_a_request_are_answered_in_their_order() -> None:
    first = tuple(accepted(name) for name in "abca")
    second = tuple(accepted(name) for name in "cd")
    assert running(lambda commit: batches(commit, first, second)) == [
        (True, True, True, False),
        (False, True),
    ]
    assert stored() == ["a", "b", "c", "d"]


def test_one_bad_event_keeps_its_whole_request_out_and_no_other() -> None:
    bad = (accepted("1"), accepted("2", event_type=None), accepted("3"))
    good = (accepted("4"), accepted("5"))
    answers = running(lambda commit: batches(commit, bad, good))
    assert isinstance(answers[0], DBAPIError)
    assert answers[1] == (True, True)
    assert sorted(stored()) == ["4", "5"]


def test_the_longest_request_is_one_statement() -> None:
    crowd = tuple(accepted(str(number)) for number in range(499))
    longest = tuple(accepted(f"a{number}") for number in range(1000))
    with inserts() as seen:
        answers = running(lambda commit: batches(commit, crowd, longest))
    assert answers == [(True,) * 499, (True,) * 1000]
    assert len(seen) == 1
