"""A replay of 10,000 events by filter, carried out by processes that are killed in the middle.

Up to their runs it is fewer, since 10,000 take minutes: ``HOOKLINE_REPLAYED_RUNS=10000`` is the long form.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.inbox.search import Filter
from hookline.replay.selection import Selection
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching
from tests.unit.replay.conftest import DAG, Plan, carried_out, ran, replays_of, state

EVENTS = 10_000
RATE = 5_000
KILLED_AT = (2_000, 5_000)
RUNS = int(os.environ.get("HOOKLINE_REPLAYED_RUNS", "300"))
CARRIER = [sys.executable, "-m", "tests.unit.replay.carrier"]


def kill_at(process: subprocess.Popen[bytes], count: Callable[[], int], done: int) -> int:
    """Kill a process once so many events are done; return how many are."""
    deadline = time.monotonic() + 60 + RUNS / 20
    while count() < done:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return count()


def killed_at(count: Callable[[], int], moments: Sequence[int], *arguments: str) -> list[int]:
    """Let processes work beside each other until each is killed; return how much was done then."""
    processes = [subprocess.Popen([*CARRIER, *arguments], env=dict(os.environ)) for _ in moments]
    try:
        return [kill_at(process, count, done) for process, done in zip(processes, moments, strict=True)]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_replay_is_neither_short_nor_double_when_its_processes_are_killed(plan: Plan) -> None:
    ran(EVENTS)
    replay = plan(Selection(events=Filter(source="shop")), rate=RATE)
    # They take turns, page by page, until the first is killed.
    stopped = killed_at(lambda: state(replay.seq).done, KILLED_AT)
    assert all(done < EVENTS for done in stopped)
    carried_out()

    jobs = replays_of(replay.seq)
    assert len(jobs) == EVENTS
    assert {job.run_id for job in jobs} == {
        f"webhook__shop__e{number}~r{replay.seq}" for number in range(1, EVENTS + 1)
    }
    assert (state(replay.seq).state, state(replay.seq).done) == ("done", EVENTS)


@pytest.fixture
def _event_dag() -> Iterator[None]:
    event_dags.empty()
    event_dags.write(DAG)
    yield
    event_dags.empty()


@pytest.mark.usefixtures("_event_dag")
def test_neither_are_its_runs(plan: Plan) -> None:
    ran(RUNS)
    replay = plan(Selection(events=Filter(source="shop")))
    stopped = killed_at(count_runs, (RUNS // 4, RUNS // 2), "runs")
    assert all(done < RUNS for done in stopped)
    carried_out()
    dispatcher = Dispatching()
    deadline = time.monotonic() + 30 + RUNS / 20
    while {job.state for job in replays_of(replay.seq)} != {"done"}:
        assert time.monotonic() < deadline
        dispatcher.all()  # what a killed process had begun is due a little later

    wanted = {f"webhook__shop__e{number}~r{replay.seq}" for number in range(1, RUNS + 1)}
    assert [job.run_id in wanted for job in replays_of(replay.seq)] == [True] * RUNS
    with Session(engine()) as session:
        made = session.scalars(select(DagRun.run_id).where(DagRun.dag_id == DAG)).all()
    assert (len(made), set(made)) == (RUNS, wanted)


def count_runs() -> int:
    """Return how many runs there are."""
    with autocommit() as connection:
        return connection.scalar(select(func.count()).select_from(DagRun)) or 0
