"""Event Dags: which Dag takes which event, which events are free."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import event_dags
from hookline.api.route import Caller
from hookline.console.page import Page, render

router = APIRouter(route_class=Page)
SHOWN = 100


@router.get("/event-dags")
async def every(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show the events of the catalog and all event Dags."""
    found = await event_dags.list_event_dags(request, user, limit=SHOWN, cursor=cursor)
    return render(request, "event_dags.html", found=found)
