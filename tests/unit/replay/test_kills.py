"""A replay of 10,000 events by filter, carried out by processes that are killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import repeat

from hookline.inbox.search import Filter
from hookline.replay.selection import Selection
from tests.unit.replay.conftest import Plan, carried_out, ran, replays_of, state

EVENTS = 10_000
RATE = 5_000
KILLED_AT = (2_000, 5_000)
CARRIER = [sys.executable, "-m", "tests.unit.replay.carrier"]


def kill_at(process: subprocess.Popen[bytes], replay: int, done: int) -> int:
    """Kill a process once so many events are done; return how many are."""
    deadline = time.monotonic() + 60
    while state(replay).done < done:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return state(replay).done


def test_a_replay_is_neither_short_nor_double_when_its_processes_are_killed(plan: Plan) -> None:
    ran(EVENTS)
    replay = plan(Selection(events=Filter(source="shop")), rate=RATE)
    # They take turns, page by page, until the first is killed.
    processes = [subprocess.Popen(CARRIER, env=dict(os.environ)) for _ in KILLED_AT]
    try:
        stopped = [kill_at(*each) for each in zip(processes, repeat(replay.seq), KILLED_AT, strict=False)]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert all(done < EVENTS for done in stopped)
    carried_out()

    jobs = replays_of(replay.seq)
    assert len(jobs) == EVENTS
    assert {job.run_id for job in jobs} == {
        f"webhook__shop__e{number}~r{replay.seq}" for number in range(1, EVENTS + 1)
    }
    assert (state(replay.seq).state, state(replay.seq).done) == ("done", EVENTS)
