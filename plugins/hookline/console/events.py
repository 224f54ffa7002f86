"""Events: search, and one with all that is known of it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import deliveries, events, jobs, runs
from hookline.api.deliveries import DeliveryQuery
from hookline.api.fields import Number
from hookline.api.jobs import JobQuery
from hookline.api.route import Caller
from hookline.api.runs import Run
from hookline.console.page import Page, asked, render
from hookline.protocol.problem import Rejected

router = APIRouter(route_class=Page)
CHAIN = 50
"""Jobs of an event that its page shows."""
FOLLOWED = 5
"""Of them, those whose run is shown with its tasks and messages."""


@router.get("/events")
async def search(request: Request, user: Caller) -> Response:
    """Show a page of events that fit a filter."""
    query, wrong = asked(events.EventQuery, request)
    found = await events.list_events(request, user, query)
    return render(request, "events.html", found=found, wrong=wrong)


@router.get("/events/{number}")
async def one(request: Request, user: Caller, number: Number) -> Response:
    """Show an event, what it caused, and what was sent."""
    event = json.loads(bytes((await events.get_event(request, user, number)).body))
    caused = await jobs.list_jobs(
        request, user, JobQuery(source=event["source"], event_id=event["event_id"], limit=CHAIN)
    )
    followed = [job for job in caused.items if job.dag_id and job.run_id][:FOLLOWED]
    return render(
        request,
        "event.html",
        event=events.EventDetail(**event),
        caused=caused,
        runs={job.number: run for job in followed if (run := await _run(request, user, job))},
        sent={job.number: await _sent(request, user, job) for job in followed},
    )


async def _run(request: Request, user: Caller, job: jobs.JobSummary) -> Run | None:
    try:
        return await runs.get_run(request, user, job.dag_id or "", job.run_id or "")
    except Rejected:  # it is not made yet, or deleted since
        return None


async def _sent(request: Request, user: Caller, job: jobs.JobSummary) -> list[deliveries.DeliverySummary]:
    query = DeliveryQuery(dag_id=job.dag_id, run_id=job.run_id, limit=CHAIN)
    return (await deliveries.list_deliveries(request, user, query)).items
