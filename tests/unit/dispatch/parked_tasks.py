"""Task instances as the execution API leaves them when a task parks itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.protocol.wait import KEY, METHOD

DAG = "flow"
RUN = "manual__1"
STARTED = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
PARKED = "awaiting_input"


def empty() -> None:
    """Forget all runs and tasks, and begin the one run that the tasks belong to."""
    with Session(engine()) as session, session.begin():
        for table in (Log, TaskInstance, DagRun):
            session.execute(delete(table))
        session.add(
            DagRun(
                dag_id=DAG,
                run_id=RUN,
                run_type=DagRunType.MANUAL,
                state=DagRunState.RUNNING,
                run_after=STARTED,
            )
        )


def park(wait: Mapping[str, Any] | None, *, map_index: int = -1) -> UUID:
    """Put a task that waits into the database, with its line in the log, in one transaction."""
    number = uuid.uuid4()
    key = {"task_id": "wait", "dag_id": DAG, "run_id": RUN, "map_index": map_index}
    row = {
        "id": number, "state": PARKED, "try_number": 1, "max_tries": 0, "pool": "default_pool",
        "pool_slots": 1, "queue": "default", "hostname": "", "unixname": "", "priority_weight": 1,
        "next_method": METHOD, "next_kwargs": {} if wait is None else {KEY: dict(wait)},
    }  # fmt: skip
    with Session(engine()) as session, session.begin():
        session.execute(insert(TaskInstance.__table__).values(**key, **row))
        session.add(Log(PARKED, **key, try_number=1))
    return number


def put(number: UUID, **fields: Any) -> None:
    """Change a task instance as somebody else does."""
    with engine().begin() as connection:
        table = TaskInstance.__table__
        connection.execute(update(table).where(table.c.id == number).values(**fields))


def age(number: UUID, by: timedelta) -> None:
    """Let a task have parked earlier."""
    then = datetime.now(UTC) - by
    put(number, updated_at=then)
    with Session(engine()) as session, session.begin():
        session.execute(update(Log).values(dttm=then))


def remove(number: UUID) -> None:
    """Delete a task instance."""
    with engine().begin() as connection:
        connection.execute(delete(TaskInstance.__table__).where(TaskInstance.__table__.c.id == number))


def state(number: UUID) -> tuple[str | None, dict[str, Any]]:
    """Return a task instance's state, and what its method will be called with."""
    with autocommit() as connection:  # whoever asks again and again must not hold up the writers of SQLite
        table = TaskInstance.__table__
        query = select(table.c.state, table.c.next_kwargs).where(table.c.id == number)
        row = connection.execute(query).one()
        return row.state, dict(row.next_kwargs or {})
