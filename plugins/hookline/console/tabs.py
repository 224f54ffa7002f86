"""Tabs on Airflow's own pages: a Dag, a run, a task, a task instance."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from hookline.api import deliveries, event_dags, jobs, sources, step_webhooks
from hookline.api.deliveries import DeliveryQuery
from hookline.api.jobs import JobQuery
from hookline.api.paging import MAX_LIMIT
from hookline.api.route import Caller
from hookline.api.sources import Source
from hookline.api.step_webhooks import StepWebhook
from hookline.console.page import Page, render
from hookline.protocol.problem import Rejected
from hookline.steps.transition import OF_STEPS

router = APIRouter(route_class=Page)
Id = Annotated[str, Path(min_length=1, max_length=250)]
SHOWN = 50
FED = 5
"""Sources of a Dag with their state."""
UNMAPPED = -1


@router.get("/dags/{dag_id}")
async def of_dag(request: Request, user: Caller, dag_id: Id) -> Response:
    """Show what started a Dag, and what it sent."""
    caused = await jobs.list_jobs(request, user, JobQuery(dag_id=dag_id, limit=SHOWN))
    sent = await deliveries.list_deliveries(request, user, DeliveryQuery(dag_id=dag_id, limit=SHOWN))
    fed = await _sources(request, user, dag_id)
    return _tab(request, title=dag_id, sources=fed, caused=caused, sent=sent)


@router.get("/runs/{dag_id}/{run_id}")
async def of_run(request: Request, user: Caller, dag_id: Id, run_id: Id) -> Response:
    """Show the event that started a run, and what the run sent."""
    caused = await jobs.list_jobs(request, user, JobQuery(dag_id=dag_id, run_id=run_id, limit=SHOWN))
    sent = await deliveries.list_deliveries(
        request, user, DeliveryQuery(dag_id=dag_id, run_id=run_id, limit=SHOWN)
    )
    return _tab(request, title=run_id, caused=caused, sent=sent)


@router.get("/tasks/{dag_id}/{task_id}")
async def of_task(request: Request, user: Caller, dag_id: Id, task_id: Id) -> Response:
    """Show what a task sent, whatever the run."""
    sent = await deliveries.list_deliveries(
        request, user, DeliveryQuery(dag_id=dag_id, task_id=task_id, limit=SHOWN)
    )
    told = await _webhooks(request, user, dag_id, task_id)
    return _tab(request, title=task_id, told=told, sent=sent)


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
    told = await _webhooks(request, user, dag_id, task_id)
    return _tab(request, title=task_id, told=told, sent=sent)


def _tab(request: Request, **shown: Any) -> Response:
    return render(request, "tab.html", **{"sources": (), "told": (), "caused": None, **shown})


async def _sources(request: Request, user: Caller, dag_id: str) -> list[Source]:
    try:
        names = (await event_dags.get_event_dag(request, user, dag_id)).sources[:FED]
        return [await sources.get_source(request, user, name) for name in names]
    except Rejected:  # it takes no events, or they are not theirs to see
        return []


async def _webhooks(request: Request, user: Caller, dag_id: str, task_id: str) -> list[StepWebhook]:
    of_dag = await step_webhooks.list_step_webhooks(request, user, dag_id=dag_id, limit=MAX_LIMIT)
    return [one for one in of_dag.items if _tells(one, task_id)]


def _tells(webhook: StepWebhook, task_id: str) -> bool:
    if not webhook.steps:  # of all steps, or of the run
        return any(one in OF_STEPS for one in webhook.triggers)
    return any(task_id == step or task_id.startswith(f"{step}.") for step in webhook.steps)
