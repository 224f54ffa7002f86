"""What dispatcher and tasks of another process write, for tests that wait for it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.models import DISPATCHED, InboxEvent
from hookline.protocol import deduplication, response

DAG = "shop.paid"


def run_id_of(event_id: str) -> str:
    """Return the id of an event's run."""
    return deduplication.run_id("shop", event_id)


def empty() -> None:
    """Forget all events and runs."""
    with Session(engine()) as session, session.begin():
        for table in (XComModel, TaskInstance, DagRun, InboxEvent):
            session.execute(delete(table))


def settle(event_id: str, state: str, **fields: Any) -> None:
    """Write the state of an event."""
    with Session(engine()) as session, session.begin():
        session.execute(
            update(InboxEvent).where(InboxEvent.event_id == event_id).values(state=state, **fields)
        )


def start(event_id: str, state: DagRunState = DagRunState.RUNNING) -> None:
    """Dispatch an event."""
    with Session(engine()) as session, session.begin():
        session.add(
            DagRun(
                dag_id=DAG,
                run_id=run_id_of(event_id),
                run_type=DagRunType.MANUAL,
                state=state,
                run_after=datetime.now(UTC),
            )
        )
    settle(event_id, DISPATCHED, dag_id=DAG, run_id=run_id_of(event_id))


def end(event_id: str, state: DagRunState) -> None:
    """End an event's run."""
    with Session(engine()) as session, session.begin():
        session.execute(
            update(DagRun.__table__).where(DagRun.run_id == run_id_of(event_id)).values(state=state)
        )


def say(event_id: str, value: Any, *, task: str = "answer", at: int = 0) -> None:
    """Leave an answer as a task does."""
    run_id = run_id_of(event_id)
    with Session(engine()) as session, session.begin():
        run = session.scalar(select(DagRun.id).where(DagRun.run_id == run_id))
        key = {"task_id": task, "dag_id": DAG, "run_id": run_id, "map_index": -1}
        row = {
            "id": uuid.uuid4(), "state": "running", "try_number": 1, "max_tries": 0, "pool": "default_pool",
            "pool_slots": 1, "queue": "default", "hostname": "", "unixname": "", "priority_weight": 1,
        }  # fmt: skip
        session.execute(insert(TaskInstance.__table__).values(**key, **row))
        session.execute(
            insert(XComModel.__table__).values(
                **key,
                dag_run_id=run,
                key=response.KEY,
                value=value,
                timestamp=datetime(2026, 9, 21, 14, 0, at, tzinfo=UTC),
            )
        )
