"""A run beside the event that started it: its tasks, and who sees them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType
from sqlalchemy import insert
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.jobs import store as jobs
from hookline.jobs.store import NewJob
from tests.unit.api.conftest import As
from tests.unit.api.inbox import NOON
from tests.unit.dispatch import event_dags

DAG = "shop.order.paid"
STATES = {"book": "success", "tell": "failed", "end": None}


@pytest.fixture(autouse=True)
def run(call: As) -> None:
    """A run with three tasks, of which one has not begun, and the job that made it."""
    event_dags.write(DAG)
    same: dict[str, Any] = {"dag_id": DAG, "run_id": "run"}
    kinds: dict[str, Any] = {"run_type": DagRunType.MANUAL, "state": DagRunState.FAILED, "run_after": NOON}
    job: dict[str, Any] = {"source": "shop", "event_id": "e", "event_type": "t", "received_at": NOON}
    with Session(engine()) as session, session.begin():
        session.add(DagRun(**same, **kinds))
        session.flush()
        for task_id, state in STATES.items():
            row = {
                "id": uuid.uuid4(), "map_index": -1, "state": state, "try_number": 1, "max_tries": 0,
                "pool": "default_pool", "pool_slots": 1, "queue": "default", "hostname": "", "unixname": "",
                "priority_weight": 1, "start_date": NOON if state else None,
            }  # fmt: skip
            session.execute(insert(TaskInstance.__table__).values(**same, task_id=task_id, **row))
        jobs.add(session, [NewJob(kind="run", target=DAG, **same, **job)], NOON)


def test_a_run_has_its_tasks_in_the_order_of_their_start(call: As) -> None:
    shown = call("viewer").get(f"/runs/{DAG}/run").json()

    assert (shown["state"], shown["more"]) == ("failed", False)
    assert {one["task_id"]: one["state"] for one in shown["tasks"]} == STATES
    assert shown["tasks"][-1]["task_id"] == "end"


@pytest.mark.parametrize("path", [f"/runs/{DAG}/another", "/runs/no.dag/run"])
def test_another_run_is_not_found(call: As, path: str) -> None:
    assert call("op").get(path).status_code == 404


def test_an_event_dag_has_its_last_runs(call: As) -> None:
    listed = call("viewer").get("/event-dags?limit=200").json()["items"]
    [dag] = [one for one in listed if one["name"] == DAG]

    assert [(one["run_id"], one["state"]) for one in dag["last_runs"]] == [("run", "failed")]


def test_event_dags_that_claim_one_event_say_so(call: As) -> None:
    event_dags.write(DAG, also=True, dag_id="loyalty")
    try:
        listed = call("op").get("/event-dags?limit=200").json()["items"]
    finally:
        event_dags.forget("loyalty")
    said = {one["name"]: one["conflict"] for one in listed if one["exists"]}

    assert said[DAG] == said["loyalty"]
    assert said[DAG].startswith(f"`{DAG}` in {DAG}.py and `loyalty` in loyalty.py claim the event")
