"""A database that goes away while attempts are recorded has none of them twice, and none cut short."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncpg.exceptions import CannotConnectNowError, UntranslatableCharacterError
from sqlalchemy.exc import DBAPIError

from hookline.delivery import recording

ENDED: list[Any] = ["first", "second", "third"]


@pytest.mark.parametrize(
    ("says", "recorded", "left"),
    [
        ([None], [["first", "second", "third"]], []),
        ([CannotConnectNowError()], [], ["first", "second", "third"]),
        ([UntranslatableCharacterError(), None, None, None], [["first"], ["second"], ["third"]], []),
        ([UntranslatableCharacterError(), None, CannotConnectNowError()], [["first"]], ["second", "third"]),
    ],
    ids=["there", "away", "a bad value", "away after a bad value"],
)
def test_what_is_left(
    monkeypatch: pytest.MonkeyPatch, says: list[Exception | None], recorded: list[Any], left: list[Any]
) -> None:
    seen: list[Any] = []
    answers = iter(says)

    async def record(_engine: Any, ended: list[Any], _rules: Any) -> list[str]:
        if (error := next(answers)) is not None:
            raise DBAPIError("INSERT", {}, error)
        seen.append(list(ended))
        return []

    monkeypatch.setattr(recording, "_record", record)
    ended = list(ENDED)
    try:
        asyncio.run(recording.record(None, ended, None))  # type: ignore[arg-type]
    except DBAPIError as error:
        assert isinstance(error.orig, CannotConnectNowError)  # noqa: PT017

    assert (seen, ended) == (recorded, left)
