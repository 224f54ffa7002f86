"""Tabs on Airflow's own pages: a Dag, a run, a task, a task instance."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from hookline.api import deliveries, jobs
from hookline.api.deliveries import DeliveryQuery
from hookline.api.jobs import JobQuery
from hookline.api.route import Caller
from hookline.console.page import Page, render

router = APIRouter(route_class=Page)
Id = Annotated[str, Path(min_length=1, max_length=250)]
SHOWN = 50
UNMAPPED = -1


@router.get("/dags/{dag_id}")
async def of_dag(request: Request, user: Caller, dag_id: Id) -> Response:
    """Show what started a Dag, and what it sent."""
    caused = await jobs.list_jobs(request, user, JobQuery(dag_id=dag_id, limit=SHOWN))
    sent = await deliveries.list_deliveries(request, user, DeliveryQuery(dag_id=dag_id, limit=SHOWN))
    return render(request, "tab.html", title=dag_id, caused=caused, sent=sent)


@router.get("/runs/{dag_id}/{run_id}")
async def of_run(request: Request, user: Caller, dag_id: Id, run_id: Id) -> Response:
    """Show the event that started a run, and what the run sent."""
    caused = await jobs.list_jobs(request, user, JobQuery(dag_id=dag_id, run_id=run_id, limit=SHOWN))
    sent = await deliveries.list_deliveries(
        request, user, DeliveryQuery(dag_id=dag_id, run_id=run_id, limit=SHOWN)
    )
    return render(request, "tab.html", title=run_id, caused=caused, sent=sent)


@router.get("/tasks/{dag_id}/{task_id}")
async def of_task(request: Request, user: Caller, dag_id: Id, task_id: Id) -> Response:
    """Show what a task sent, whatever the run."""
    sent = await deliveries.list_deliveries(
        request, user, DeliveryQuery(dag_id=dag_id, task_id=task_id, limit=SHOWN)
    )
    return render(request, "tab.html", title=task_id, caused=None, sent=sent)


@router.get("/tasks/{dag_id}/{task_id}/{run_id}/{map_index}")
async def of_step(
    request: Request, user: Caller, dag_id: Id, task_id: Id, run_id: Id, *, map_index: str
) -> Response:
    """Show what one step of a run sent; Airflow leaves the braces where a task is not mapped."""
    mapped = int(map_index) if map_index.removeprefix("-").isdecimal() else UNMAPPED
    query = DeliveryQuery(
        dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=max(mapped, UNMAPPED), limit=SHOWN
    )
    sent = await deliveries.list_deliveries(request, user, query)
    return render(request, "tab.html", title=task_id, caused=None, sent=sent)
