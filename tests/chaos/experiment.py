"""One experiment: traffic, kills, quiet, and what the ledger says then."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.errors import DemoError
from demo.topology import Topology
from tests.chaos.killing import Killer
from tests.chaos.ledger import Ledger
from tests.chaos.receiver import Receiver
from tests.chaos.traffic import Senders, answers, orders, sources

DAGS = Path(__file__).parent / "dags"
SETTINGS = Path(__file__).parent / "settings"
DAG_IDS = ("orders.quiet", "orders.told", "orders.worked", "waits")
AIRFLOW = {
    # What a dead worker had is noticed in seconds instead of minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1000",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__MAX_DAGRUNS_TO_CREATE_PER_LOOP": "100",
    "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": "100",
    "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "100000",
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "100000",
}
VARIABLES = {"AIRFLOW_PARALLELISM": "16"}
"""For the compose file: what was lost with Redis keeps its slot for a while, which must not be all."""
SETTLED = 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything.

    :param events: that start runs; what the waits wait for comes on top.
    :param deliveries: messages that the receiver must have in the end, one of each wait among them.
    :param worked: those of them that tell of tasks of Celery workers, without the waits.
    :param waits: waiting tasks.
    :param seconds: over which the events are spread.
    :param width: waits of a task, of which a run has two.
    """

    events: int
    deliveries: int
    worked: int
    waits: int
    seconds: float
    width: int = 2

    def kinds(self) -> dict[str, int]:
        """Return how many orders there are of each kind."""
        told = self.deliveries - self.worked - self.waits
        return {"told": told, "worked": self.worked, "quiet": self.events - self.worked - told}

    def runs(self) -> list[str]:
        """Return the ids of the runs that wait."""
        return [f"wait-{number}" for number in range(self.waits // (2 * self.width))]


def environment(receiver: Receiver, width: int, queued: int) -> dict[str, str]:
    """Return what the services need to know.

    :param width: as in :class:`Size`.
    :param queued: seconds after which a task that no worker has begun is queued again. Its token is valid no
        longer (``airflow/executors/workloads/base.py``): a queue that takes longer does its work in vain.
    """
    return {
        **AIRFLOW,
        **sources(),
        "AIRFLOW_CONN_LEDGER": receiver.connection(),
        "CHAOS_WIDTH": str(width),
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": str(queued),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(SETTINGS), os.environ.get("PYTHONPATH")])),
    }


def carry_out(
    topology: Topology,
    receiver: Receiver,
    size: Size,
    *,
    names: Collection[str],
    seed: int,
    every: float,
    patience: float,
) -> tuple[list[str], dict[str, Any]]:
    """Send, kill, wait for quiet; return what is wrong, and figures.

    :param names: of the components to kill.
    :param every: seconds between kills.
    :param patience: seconds for everything to arrive after the last kill.
    """
    began = time.monotonic()
    kinds, runs = size.kinds(), size.runs()
    with Killer(topology, names, seed, every) as killer:
        for run in runs:
            _begin(topology, run)
        senders = Senders(topology, [*orders(kinds), *answers(runs, size.width)], seed, size.seconds)
        senders.start()
        senders.join()
        while not killer.all_once():
            time.sleep(every)
        killer.stop_killing()
        calm = time.monotonic()
        accepted = {
            kind: {one.id for one in orders({kind: count})} & senders.accepted
            for kind, count in kinds.items()
        }
        ledger = Ledger(topology, receiver, accepted, runs, size.width)
        wrong = [f"{one} was refused: {why}" for one, why in senders.refused.items()]
        wrong += _quiet(ledger, calm + patience)
        figures = {
            "seed": seed,
            "events": len(senders.accepted),
            "attempts": senders.attempts,
            "waits": len(runs) * 2 * size.width,
            "deliveries": len(receiver.taken),
            "requests": receiver.times.total(),
            "kills": dict(sorted(killer.killed.items())),
            "ended": dict(sorted(killer.ended.items())),
            "killing_seconds": round(calm - began),
            "quiet_seconds": round(time.monotonic() - calm),
        }
    return wrong, figures


def _begin(topology: Topology, run: str) -> None:
    body = {"dag_run_id": run, "logical_date": None, "conf": {}}
    while True:
        with suppress(DemoError):
            if topology.api("POST", "/dags/waits/dagRuns", body).status in (200, 409):
                return
        time.sleep(0.5)


def _quiet(ledger: Ledger, deadline: float) -> list[str]:
    """Wait until nothing is wrong, and look again a little later; return what still is."""
    while wrong := ledger.late() or ledger.wrong():
        if time.monotonic() > deadline:
            return ledger.wrong()
        print("        " + "; ".join(one[:90] for one in wrong), flush=True)
        time.sleep(3)
    time.sleep(SETTLED)  # what would come twice comes now
    return ledger.wrong()
