"""Replays: what one would do, starting it, how far it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import held, replays
from hookline.api.fields import Number
from hookline.api.route import Caller
from hookline.console.page import Page, render

router = APIRouter(route_class=Page)


@router.get("/replays")
async def every(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show replays, newest first."""
    return render(request, "replays.html", found=await replays.list_replays(request, user, cursor=cursor))


@router.get("/replays/{number}")
async def one(request: Request, user: Caller, number: Number) -> Response:
    """Show a replay."""
    return render(request, "replay.html", replay=await replays.get_replay(request, user, number))


@router.get("/held")
async def waiting(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show what is held, by kind, and let it be released."""
    return render(request, "held.html", found=await held.list_held(request, user, cursor=cursor))
