"""The same signed content under another delivery id is the first event, for a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hookline.database import async_engine
from hookline.inbox import group_commit
from hookline.protocol.intake import Accepted
from hookline.protocol.replay import Replay
from tests.unit.inbox.events import ARRIVAL, accepted, stored

pytestmark = pytest.mark.usefixtures("inbox")

SIGNED = Replay("ab" * 32, 300)


def event(name: str, seconds: float = 0.0, **changed: Any) -> Accepted:
    return accepted(name, received_at=ARRIVAL + timedelta(seconds=seconds), **{"replay": SIGNED, **changed})


def write(*requests: tuple[Accepted, ...]) -> list[tuple[str, bool]]:
    """Store requests that wait at the same time; return each event's id and whether it is new."""

    async def main() -> Any:
        engine = async_engine()
        try:
            return await group_commit.write(engine, list(requests))
        finally:
            await engine.dispose()

    return [tuple(stored) for result in asyncio.run(main()) for stored in result]


def test_a_replay_is_answered_with_the_id_of_the_first() -> None:
    assert write((event("1"),)) == [("1", True)]
    assert write((event("2", 299),)) == [("1", False)]
    assert stored() == ["1"]


def test_the_same_delivery_is_a_duplicate_as_ever() -> None:
    write((event("1"),))
    assert write((event("1", 1),)) == [("1", False)]


def test_after_the_window_it_is_an_event_of_its_own() -> None:
    write((event("1"),))
    assert write((event("2", 300),)) == [("2", True)]
    assert write((event("3", 301),)) == [("2", False)]


def test_replays_that_arrive_together_are_one_event() -> None:
    assert write((event("1"),), (event("2"),), (event("3"),)) == [("1", True), ("1", False), ("1", False)]
    assert stored() == ["1"]


@pytest.mark.parametrize(
    "other",
    [{"replay": Replay("cd" * 32, 300)}, {"replay": None}, {"source": "another"}],
    ids=["other content", "not remembered", "another source"],
)
def test_nothing_else_is_taken_for_a_replay(other: dict[str, Any]) -> None:
    write((event("1"),))
    assert write((event("2", 1, **other),)) == [("2", True)]
