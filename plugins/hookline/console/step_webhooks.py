"""Step webhooks: all of them, and a form that makes one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import step_webhooks
from hookline.api.route import Caller
from hookline.console.graph import drawn
from hookline.console.page import Page, render
from hookline.steps import transition

router = APIRouter(route_class=Page)
SHOWN = 200


@router.get("/step-webhooks")
async def every(
    request: Request, user: Caller, dag_id: str | None = None, cursor: str | None = None
) -> Response:
    """Show step webhooks by Dag and name."""
    found = await step_webhooks.list_step_webhooks(
        request, user, dag_id=dag_id or None, limit=SHOWN, cursor=cursor
    )
    return render(request, "step_webhooks.html", found=found)


@router.get("/new-step-webhook")
async def new(request: Request, user: Caller, dag_id: str = "", step: str = "") -> Response:
    """Show the form that makes one: first the Dag, then its step, from the list or the graph."""
    steps = await step_webhooks.list_steps(request, user, dag_id) if dag_id else None
    return render(
        request,
        "new_step_webhook.html",
        dag_id=dag_id,
        steps=steps,
        step=step,
        graph=drawn(steps.tasks, steps.downstream) if steps else None,
        of_steps=transition.OF_STEPS,
        of_runs=transition.OF_RUNS,
    )
