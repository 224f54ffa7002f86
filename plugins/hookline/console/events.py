"""Events: search, and one with all that is known of it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import events, jobs
from hookline.api.fields import Number
from hookline.api.jobs import JobQuery
from hookline.api.route import Caller
from hookline.console.page import Page, asked, render

router = APIRouter(route_class=Page)
CHAIN = 50
"""Jobs of an event that its page shows."""


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
    return render(request, "event.html", event=events.EventDetail(**event), caused=caused)
