"""``/runs``: how far a run is, task by task, beside the event that started it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from hookline.api.access import sight
from hookline.api.desk import Desk
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Runs"])
Id = Annotated[str, Path(min_length=1, max_length=250, pattern="^[^\x00]*$")]
TASKS = 100


class TaskState(BaseModel):
    """One task of a run."""

    model_config = ConfigDict(from_attributes=True)

    task_id: str
    map_index: int
    state: str | None
    """As Airflow has it; none before it is scheduled."""
    try_number: int


class Run(BaseModel):
    """A run and its tasks."""

    dag_id: str
    run_id: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    tasks: list[TaskState]
    """At most 100, in the order in which they started."""
    more: bool
    """Whether there are more tasks."""


@router.get("/runs/{dag_id}/{run_id}")
async def get_run(request: Request, user: Caller, dag_id: Id, run_id: Id) -> Run:
    """Show a run with the states of its tasks."""

    def read(session: Session) -> Run:
        found = None
        if dag_id in sight(user, session).dags:
            found = session.execute(
                select(DagRun.state, DagRun.start_date, DagRun.end_date).where(
                    DagRun.dag_id == dag_id, DagRun.run_id == run_id
                )
            ).first()
        if found is None:
            raise not_found(f"There is no run `{run_id}` of `{dag_id}`, or you may not see it.")
        tasks = session.execute(_tasks(dag_id, run_id)).all()
        return Run(
            dag_id=dag_id,
            run_id=run_id,
            state=found.state,
            started_at=found.start_date,
            ended_at=found.end_date,
            tasks=[TaskState.model_validate(row) for row in tasks[:TASKS]],
            more=len(tasks) > TASKS,
        )

    return await Desk.of(request).read(read)


def _tasks(dag_id: str, run_id: str) -> Any:
    task = TaskInstance
    return (
        select(task.task_id, task.map_index, task.state, task.try_number)
        .where(task.dag_id == dag_id, task.run_id == run_id)
        .order_by(task.start_date.is_(None), task.start_date, task.task_id, task.map_index)
        .limit(TASKS + 1)
    )
