"""Connections to other systems: who consented to what and until when, and a call to try each."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import connections
from hookline.api.route import Caller
from hookline.api.tokens import ConnId
from hookline.console.page import Page, render

router = APIRouter(route_class=Page)


@router.get("/connections")
async def every(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show the Connections to other systems."""
    found = await connections.list_connections(request, user, cursor=cursor)
    return render(request, "connections.html", found=found)


@router.get("/connections/{conn_id}")
async def one(request: Request, user: Caller, conn_id: ConnId) -> Response:
    """Show one of them."""
    target = await connections.get_connection(request, user, conn_id)
    return render(request, "connection.html", target=target, token=target.token)
