"""The first page: how much comes and goes, and what needs a person now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import overview
from hookline.api.route import Caller
from hookline.console.page import Page, render
from hookline.console.plot import bars

router = APIRouter(route_class=Page)


@router.get("/")
async def show(request: Request, user: Caller) -> Response:
    """Show the last 24 hours."""
    seen = await overview.get_overview(request, user)
    return render(request, "overview.html", seen=seen, plots=[bars(series) for series in seen.series])
