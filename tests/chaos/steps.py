"""Step webhooks on one machine: ``python -m tests.chaos.steps --runs 20 --every 4``.

Runs of fifty steps each, while a worker that has a step, the scheduler, the api-server and the receiver are
killed at random. What must have been told is read from Airflow's REST API alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]

from demo.errors import DemoError
from demo.stack import Stack
from tests.chaos.experiment import AIRFLOW, DAGS, SETTLED
from tests.chaos.killing import Killer
from tests.chaos.ledger import difference
from tests.chaos.receiver import Receiver

DAG_ID = "watched"
DOWN_SECONDS = 4.0
ENDS = {"success": "completed", "failed": "failed", "skipped": "skipped"}
SETTINGS = {
    **AIRFLOW,
    # The standard schedule, compressed: what Hookline does is the same, and can be waited for.
    "AIRFLOW__HOOKLINE__DELIVERY_SCHEDULE": ",".join(["1", *["3"] * 40]),
    "AIRFLOW__HOOKLINE__DELIVERY_BREAKER_PAUSE": "1",
    "AIRFLOW__HOOKLINE__DELIVERY_TIMEOUT": "5",
}
Told = tuple[str, str, int, int, str]
"""Run, task, map index, try and what happened."""


class Worker:
    """A process that has a step, and the one that looks after it: killed as one, as with their machine."""

    def __init__(self, pids: Path) -> None:
        self._pids = pids

    def alive(self) -> bool:
        return True

    def kill(self) -> None:
        """Kill one that is at work; wait a little for one."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for file in random.sample(found := list(self._pids.iterdir()), len(found)):
                with suppress(FileNotFoundError):
                    file.unlink()
                with suppress(psutil.NoSuchProcess, ProcessLookupError):
                    for pid in (psutil.Process(int(file.name)).ppid(), int(file.name)):
                        os.kill(pid, signal.SIGKILL)
                    return
            time.sleep(0.05)

    def restart(self) -> None:
        """The scheduler does it."""


class Partner:
    """The receiver, as something that can be killed."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def alive(self) -> bool:
        return not self._receiver.down

    def kill(self) -> None:
        self._receiver.go_down()
        time.sleep(DOWN_SECONDS)  # down for a while

    def restart(self) -> None:
        self._receiver.come_up()


def begin(stack: Stack, run: str, pids: Path) -> None:
    """Start a run, however often the server is killed meanwhile."""
    body = {"dag_run_id": run, "logical_date": None, "conf": {"pids": str(pids)}}
    while True:
        with suppress(DemoError):
            if stack.api("POST", f"/dags/{DAG_ID}/dagRuns", body).status in (200, 409):
                return
        time.sleep(0.5)


def happened(stack: Stack, run: str) -> Iterator[Told]:
    """Return what a receiver must have been told of a run, by Airflow's REST API.

    :raises DemoError: the server does not answer now.
    :raises LookupError: the run has not ended.
    """
    path = f"/dags/{DAG_ID}/dagRuns/{run}"
    state = _get(stack, path)["state"]
    if state not in ("success", "failed"):
        raise LookupError(f"{run} is {state}")
    yield run, "", -1, 1, "started"
    yield run, "", -1, 1, "succeeded" if state == "success" else "failed"
    failures = {
        (one["task_id"], one["try_number"])
        for event in ("failed", "up_for_retry")
        for one in _get(stack, f"/eventLogs?dag_id={DAG_ID}&run_id={run}&event={event}&limit=1000")[
            "event_logs"
        ]
    }
    for one in _get(stack, f"{path}/taskInstances?limit=1000")["task_instances"]:
        task, number = one["task_id"], one["try_number"]
        for earlier in range(1, number + 1):
            yield run, task, one["map_index"], earlier, "created"
        # A try that the scheduler took back has no failure in Airflow's log, and is none.
        for earlier in range(1, number):
            if (task, earlier) in failures:
                yield run, task, one["map_index"], earlier, "up_for_retry"
        yield run, task, one["map_index"], number, ENDS[one["state"]]


def told(receiver: Receiver) -> Iterator[Told]:
    """Return what the receiver was told, once for each ``webhook-id``."""
    for message in list(receiver.taken.values()):
        data = message["data"]
        step = data.get("step") or {"task_id": "", "map_index": None, "try_number": data["run"]["number"]}
        index = -1 if step["map_index"] is None else step["map_index"]
        kind = message["type"].partition(".")[2]
        yield data["run"]["id"], step["task_id"], index, step["try_number"], kind


def wrong(stack: Stack, receiver: Receiver, runs: list[str]) -> list[str]:
    """Return what is not as it must be; what is only late is in it too."""
    try:
        wanted = {one for run in runs for one in happened(stack, run)}
    except (DemoError, LookupError) as error:
        return [str(error).partition("\n")[0]]
    found: Iterable[str] = difference("messages", wanted, Counter(told(receiver)))
    return [*found, *([f"{receiver.forged} messages were not signed"] if receiver.forged else [])]


def _get(stack: Stack, path: str) -> Any:
    answer = stack.api("GET", path)
    if answer.status != 200:
        raise DemoError(f"{path} answers {answer.status}")
    return answer.json()


def carry_out(stack: Stack, receiver: Receiver, pids: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Start the runs, kill, wait for quiet; return what is wrong, and figures."""
    names = ("scheduler", "api-server")
    victims = {name: stack.components[name] for name in names}
    victims |= {"worker": Worker(pids), "receiver": Partner(receiver)}
    runs = [f"run-{number}" for number in range(given.runs)]
    began = time.monotonic()
    topology: Any = SimpleNamespace(components=victims)
    with Killer(topology, list(victims), given.seed, given.every) as killer:
        for run in runs:
            begin(stack, run, pids)
        deadline = began + given.patience
        while time.monotonic() < deadline:
            if killer.all_once() and time.monotonic() > began + given.seconds:
                killer.stop_killing()
            missing = wrong(stack, receiver, runs)
            if not missing and killer.calm:
                break
            print("        " + "; ".join(one[:150] for one in missing), flush=True)
            time.sleep(3)
        time.sleep(SETTLED)  # what would come twice comes now
        missing = wrong(stack, receiver, runs)
        tasks = [one for run in runs for one in happened(stack, run)] if not missing else []
        return {
            "name": "chaos_of_steps",
            "wrong": missing,
            "seed": given.seed,
            "steps": len({one[:3] for one in tasks if one[1]}),
            "tries": len({one[:4] for one in tasks if one[4] == "created"}),
            "messages": dict(Counter(one[4] for one in tasks)),
            "ids": len(receiver.taken),
            "requests": receiver.times.total(),
            "kills": dict(sorted(killer.killed.items())),
            "seconds": round(time.monotonic() - began),
        }


def main() -> int:
    """Return 0 if everything was as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.steps", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="of 50 steps each")
    parser.add_argument("--every", type=float, default=4, help="seconds between kills")
    parser.add_argument("--seconds", type=float, default=60, help="for which there are kills, at least")
    parser.add_argument("--patience", type=float, default=900, help="seconds until everything has arrived")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder", type=Path, default=None, help="for logs, which are kept then")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Receiver(given.seed) as receiver:
        pids = Path(folder, "pids")
        pids.mkdir()
        environment = {**SETTINGS, "AIRFLOW_CONN_LEDGER": receiver.connection()}
        home = (given.folder or Path(folder)) / "stack"
        with Stack(home, port=0, dags_folder=DAGS, environment=environment) as stack:
            stack.wait_ready(180)
            stack.wait_for(lambda: stack.api("GET", f"/dags/{DAG_ID}").status == 200, 120)
            figures = carry_out(stack, receiver, pids, given)
    print(json.dumps(figures))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
