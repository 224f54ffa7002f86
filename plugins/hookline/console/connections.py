"""Connections with OAuth 2.0: who consented to what, until when, and how to connect again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import tokens
from hookline.api.route import Caller
from hookline.api.tokens import ConnId
from hookline.console.page import Page, render

router = APIRouter(route_class=Page)


@router.get("/connections")
async def every(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show the Connections that tokens are kept for."""
    return render(request, "connections.html", found=await tokens.list_tokens(request, user, cursor=cursor))


@router.get("/connections/{conn_id}")
async def one(request: Request, user: Caller, conn_id: ConnId) -> Response:
    """Show one of them."""
    return render(request, "connection.html", token=await tokens.get_token(request, user, conn_id))
