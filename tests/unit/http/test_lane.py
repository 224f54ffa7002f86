"""Who reads an answer on the event loop's side."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from hookline.exceptions import UnreadableAnswer
from hookline.http.call import Call
from hookline.http.flow import Flow
from hookline.http.lane import LARGE, adrive
from hookline.http.response import Received
from hookline.http.target import from_fields

TARGET = from_fields(host="h", extra={"auth_type": "none"})


class Answering:
    """A lane that has the answer."""

    def __init__(self, content: bytes) -> None:
        self._received = Received(200, {"content-type": "application/json"}, content)

    async def send(self, _step: Any) -> Received:
        return self._received

    async def reserve(self, _step: Any) -> float:
        return 0.0

    async def renew(self, _step: Any) -> Any:
        return TARGET

    async def wait(self, _step: Any) -> None: ...


def answered(content: bytes, **of_call: Any) -> Any:
    return asyncio.run(adrive(Flow(Call("GET", **of_call), TARGET).steps(), Answering(content))).body


@pytest.mark.parametrize(("size", "on_the_loop"), [(10, True), (LARGE, False)], ids=["small", "large"])
def test_large_answers_are_read_on_a_thread(size: int, on_the_loop: bool) -> None:
    where = answered(
        json.dumps("a" * size).encode(), response_filter=lambda _answer: threading.current_thread()
    )
    assert (where is threading.main_thread()) is on_the_loop


def test_what_a_thread_finds_wrong_is_raised() -> None:
    with pytest.raises(UnreadableAnswer):
        answered(b"[" * LARGE)
