"""The first page: how much comes and goes, and what needs a person now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import overview, sources
from hookline.api.route import Caller
from hookline.console.page import Page, render
from hookline.console.plot import bars
from hookline.protocol.problem import Rejected

router = APIRouter(route_class=Page)
SHOWN = 12
"""Sources on the page; the rest have theirs."""


@router.get("/")
async def show(request: Request, user: Caller) -> Response:
    """Show the last 24 hours."""
    seen = await overview.get_overview(request, user)
    plots = [bars(series) for series in seen.series]
    return render(request, "overview.html", seen=seen, plots=plots, sources=await _sources(request, user))


async def _sources(request: Request, user: Caller) -> list[sources.Source]:
    try:
        return (await sources.list_sources(request, user, limit=SHOWN)).items
    except Rejected:  # Connections are not theirs to see
        return []
