"""Load with an id of its own in each request: in its body, signed, and in ``X-Delivery-Id``.

``python -m benchmarks.apparatus.numbered LOAD`` reads one JSON object, the fields of :class:`Load`, and
prints one like that of :mod:`benchmarks.apparatus.load`. It knows which requests were answered with 2xx, and
may end by killing what it loads, in the middle of it.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.apparatus import load

ID = "the-delivery-id-of-a-request"
"""Stands for the id in a body; an id is as long, so that each request is."""
SECRET = "benchmark-secret"


@dataclass(frozen=True)
class Request:
    """What is sent.

    :param body: JSON text with :data:`ID` in it.
    :param signed: whether ``X-Signature`` carries the body's HMAC-SHA256 in hex.
    """

    url: str
    body: str
    fields: dict[str, str] = field(default_factory=dict)
    signed: bool = False

    def with_id(self, delivery: str) -> tuple[bytes, dict[str, str]]:
        """Return body and header fields of the request with an id."""
        body = self.body.replace(ID, delivery).encode()
        own = {"X-Delivery-Id": delivery}
        if self.signed:
            own["X-Signature"] = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
        return body, {"Content-Type": "application/json", **self.fields, **own}


@dataclass(frozen=True)
class Load:
    """How it is sent.

    :param answered: file for the ids that were answered with 2xx.
    :param groups: process groups that get SIGKILL after so many ``answers`` or ``seconds``, whichever is
        first; without any, the load ends by itself after ``seconds``.
    """

    request: Request
    clients: int
    seconds: float
    answered: str
    answers: int = 0
    groups: Sequence[int] = ()


class Tally:
    """Which requests were answered, over all clients."""

    def __init__(self, answers: int, groups: Sequence[int]) -> None:
        self.ids: list[str] = []
        self._answers = answers
        self._groups = groups

    def add(self, delivery: str) -> None:
        self.ids.append(delivery)
        if len(self.ids) == self._answers:
            self.kill()

    def kill(self) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def new_id(numbers: itertools.count[int]) -> str:
    """Return an id as long as :data:`ID`, unlike those of other processes and runs."""
    return f"{time.time_ns():019d}-{next(numbers):08d}"


class Sender(load.Client):
    """One connection, with an id in each request."""

    def __init__(
        self, *arguments: Any, request: Request, tally: Tally, numbers: itertools.count[int]
    ) -> None:
        super().__init__(*arguments)
        self._request = request
        self._tally = tally
        self._numbers = numbers
        self._id = ""
        self.cut = False

    def _message(self) -> bytes:
        self._id = new_id(self._numbers)
        body, own = self._request.with_id(self._id)
        fields = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        return self._head + fields.encode() + b"\r\n" + body

    def _answered(self, status: bytes) -> None:
        if status.startswith(b"2"):
            self._tally.add(self._id)
        else:
            self.refused += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.cut = time.perf_counter() < self._end
        super().connection_lost(error)


async def generate(wanted: Load) -> tuple[dict[str, Any], list[str]]:
    """Send; return what was measured, and the ids that were answered."""
    start = time.perf_counter()
    tally = Tally(wanted.answers, wanted.groups)
    client = functools.partial(Sender, request=wanted.request, tally=tally, numbers=itertools.count())
    # Killed, it does not answer: nobody gets as far as the end that is given here.
    seconds = wanted.seconds * 2 if wanted.groups else wanted.seconds
    if wanted.groups:
        asyncio.get_running_loop().call_later(wanted.seconds, tally.kill)
    made, latencies = await load.drive(
        wanted.request.url, wanted.clients, seconds, {}, wanted.request.body.encode(), client=client
    )
    cut = sum(isinstance(one, Sender) and one.cut for one in made)
    return {**load.summary(made, latencies, start), "cut": cut}, tally.ids


def run(wanted: Load) -> tuple[dict[str, Any], set[str]]:
    """Generate load in a process of its own; return what it measured and the ids that were answered."""
    command = [sys.executable, "-m", "benchmarks.apparatus.numbered", json.dumps(asdict(wanted))]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output), set(Path(wanted.answered).read_text().split())


def main(given: dict[str, Any]) -> None:
    wanted = Load(**{**given, "request": Request(**given["request"])})
    measured, ids = asyncio.run(generate(wanted))
    Path(wanted.answered).write_text("\n".join(ids))
    print(json.dumps(measured))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
