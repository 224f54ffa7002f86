"""Each try is counted before it begins, so that an event that ends its process does so a few times only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import batch
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.inbox.models import DISPATCHED, HELD, PENDING, QUARANTINED, InboxEvent
from tests.unit.dispatch import event_dags
from tests.unit.inbox.events import accepted, write

ROOT = Path(__file__).parents[3]
NAME = "shop.paid"
EVIL = {"type": "object", "properties": {"text": {"type": "string", "pattern": "^(a+)+$"}}}
FREEZING = '{"data": {"text": "' + "a" * 60 + '!"}}'
DISPATCH = "from hookline.dispatch import batch, dags, route; batch.dispatch(route.Router(dags.EventDags()))"


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    event_dags.empty()


def fill(*names: str, body: str = '{"data": {}}') -> None:
    assert all(write([accepted(name, candidates=(NAME,), body=body)]) == [True] for name in names)


def events() -> dict[str, tuple[str, int]]:
    with autocommit() as connection:  # a process that is frozen holds SQLite's lock
        query = select(InboxEvent.event_id, InboxEvent.state, InboxEvent.attempts)
        return {row.event_id: (row.state, row.attempts) for row in connection.execute(query)}


def tried(event_id: str, attempts: int) -> None:
    with engine().begin() as connection:
        connection.execute(
            update(InboxEvent).where(InboxEvent.event_id == event_id).values(attempts=attempts)
        )


def dispatch_all() -> int:
    dags = Router(EventDags())
    total = 0
    while count := batch.dispatch(dags):
        total += count
    return total


def test_a_batch_becomes_runs() -> None:
    event_dags.write(NAME)
    fill("1", "2", "3")
    assert batch.dispatch(Router(EventDags())) == 3
    assert {state for state, _ in events().values()} == {DISPATCHED}
    with Session(engine()) as session:
        assert len(session.scalars(select(DagRun)).all()) == 3


def test_what_was_tried_before_is_tried_alone() -> None:
    event_dags.write(NAME)
    fill("1", "2", "3", "4")
    tried("1", 1)
    tried("3", 2)
    dags = Router(EventDags())
    assert [batch.dispatch(dags) for _ in range(4)] == [1, 2, 1, 0]
    assert {state for state, _ in events().values()} == {DISPATCHED}


def test_an_event_that_is_held_starts_afresh() -> None:
    fill("1")
    assert dispatch_all() == 1
    assert events() == {"1": (HELD, 0)}


def test_an_event_whose_tries_are_used_up_is_quarantined() -> None:
    event_dags.write(NAME)
    fill("1", "2")
    tried("1", batch.MAX_ATTEMPTS)
    assert dispatch_all() == 2
    assert events() == {"1": (QUARANTINED, batch.MAX_ATTEMPTS), "2": (DISPATCHED, 1)}


class Away(EventDags):
    """Dags that cannot be read, since the database is away."""

    def look_up(self, *_: object) -> NoReturn:
        raise OperationalError("SELECT", {}, Exception("gone"))


def test_a_database_that_is_away_uses_up_no_try() -> None:
    fill("1")
    for _ in range(batch.MAX_ATTEMPTS + 1):
        with pytest.raises(OperationalError):
            batch.dispatch(Router(Away()))
    assert events() == {"1": (PENDING, 0)}


def test_an_event_that_freezes_its_process_is_quarantined_after_some_tries(metadata: str) -> None:
    event_dags.write(NAME, EVIL)
    fill("1", body=FREEZING)
    tried("1", batch.MAX_ATTEMPTS - 1)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        [sys.executable, "-c", DISPATCH], env=environment, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while events()["1"][1] < batch.MAX_ATTEMPTS:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert events() == {"1": (PENDING, batch.MAX_ATTEMPTS)}
    time.sleep(batch.LEASE.total_seconds())
    fill("2")
    assert dispatch_all() == 2
    assert events() == {"1": (QUARANTINED, batch.MAX_ATTEMPTS), "2": (DISPATCHED, 1)}
