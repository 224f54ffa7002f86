"""An event and a wait that begin at about the same time, while the server is killed again and again.

``HOOKLINE_RACES`` says how many; a few of them are run with the other tests. 2,000 on both databases:
``HOOKLINE_RACES=2000 pytest tests/unit/dispatch/test_races.py -o timeout=3000``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hookline import parking
from hookline.database import engine
from hookline.inbox import store
from hookline.protocol.wait import Wait
from tests.unit.dispatch import event_dags, parked_tasks
from tests.unit.inbox.events import accepted

RACES = int(os.environ.get("HOOKLINE_RACES", "24"))
SPREAD = 0.5
AT_ONCE = 12
SECONDS = 60
"""Longest time in which none comes out, once the servers live."""
ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(metadata: str) -> Iterator[Callable[[], None]]:
    """Two servers that die again and again, until the fixture is called."""
    event_dags.empty()
    parked_tasks.empty()
    command = [sys.executable, "-m", "tests.unit.dispatch.server_process"]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for _ in range(2 if metadata == "postgresql" else 1)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def live() -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

    yield live
    for process in processes:
        process.communicate()


@dataclass
class Race:
    """One key: tasks that wait for it, and events that carry it."""

    number: int
    kind: str
    tasks: list[UUID] = field(default_factory=list)

    def run(self) -> None:
        events = self.events * (2 if self.kind == "three" else 1)
        steps = [
            *(partial(self.park, index) for index in range(2 if "two" in self.kind else 1)),
            *(partial(self.send, event_id) for event_id in events),
        ]
        random.shuffle(steps)
        start = time.monotonic()
        for at, step in zip(sorted(random.uniform(0, SPREAD) for _ in steps), steps, strict=True):
            time.sleep(max(0.0, start + at - time.monotonic()))
            step()

    @property
    def events(self) -> list[str]:
        return [f"{self.number}-{index}" for index in range(3 if self.kind == "three" else 1)]

    def park(self, index: int) -> None:
        wait = Wait(
            source="shop",
            since=datetime.now(UTC) - timedelta(hours=1),
            correlation=str(self.number),
            count=len(self.events),
            shared=self.kind != "two, one gets it",
        )
        map_index = self.number * 2 + index
        self.tasks.append(parked_tasks.park({"id": str(map_index), **wait.to_json()}, map_index=map_index))

    def send(self, event_id: str) -> None:
        body = json.dumps({"id": event_id, "data": {}})
        event = accepted(event_id, correlation=str(self.number), body=body, received_at=datetime.now(UTC))
        with engine().begin() as connection:
            store.add(connection, [event])

    def results(self) -> list[Any]:
        return [_woken_with(number) for number in self.tasks]

    @property
    def expected(self) -> list[Any]:
        ids = self.events
        return {
            "one": [ids],
            "two, each gets it": [ids, ids],
            "two, one gets it": [None, ids],
            "three": [sorted(ids)],
        }[self.kind]

    def came_out(self) -> bool:
        found = self.results()
        return sorted(found, key=lambda one: one is not None) == self.expected


def _woken_with(number: UUID) -> list[str] | None:
    state, kwargs = parked_tasks.state(number)
    if state == parked_tasks.PARKED:
        return None
    found = parking.events(kwargs["event"], kwargs["hookline_wait"])
    return sorted(event["id"] for event in (found if isinstance(found, list) else [found]))


KINDS = ["one", "two, each gets it", "two, one gets it", "three"]


def test_no_event_is_missed_and_none_is_taken_twice(server: Callable[[], None]) -> None:
    races = [Race(number, random.choice(KINDS)) for number in range(RACES)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(race.run) for race in races]:
            done.result()
    server()
    open_, before, moved = races, len(races), time.monotonic()
    while open_ and time.monotonic() < moved + SECONDS:
        open_ = [race for race in open_ if not race.came_out()]
        if len(open_) < before:
            before, moved = len(open_), time.monotonic()
        time.sleep(0.1)
    time.sleep(0.5)  # whoever would take an event a second time has the time to
    assert [(race.kind, race.results()) for race in races if not race.came_out()] == []
