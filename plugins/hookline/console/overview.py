"""The first page: how much comes and goes, and what needs a person now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import endpoints, overview, sources
from hookline.api.endpoints import Endpoint
from hookline.api.route import Caller
from hookline.api.sources import Source
from hookline.console.page import Page, render
from hookline.console.plot import bars
from hookline.protocol.problem import Rejected

router = APIRouter(route_class=Page)
SHOWN = 12
"""Sources and receivers on the page; the rest have theirs."""


@router.get("/")
async def show(request: Request, user: Caller) -> Response:
    """Show the last 24 hours."""
    seen = await overview.get_overview(request, user)
    plots = [bars(series) for series in seen.series]
    known, receivers = await _health(request, user)
    return render(request, "overview.html", seen=seen, plots=plots, sources=known, receivers=receivers)


async def _health(request: Request, user: Caller) -> tuple[list[Source], list[Endpoint]]:
    try:
        known = await sources.list_sources(request, user, limit=SHOWN)
        return known.items, (await endpoints.list_endpoints(request, user, limit=SHOWN)).items
    except Rejected:  # Connections are not theirs to see
        return [], []
