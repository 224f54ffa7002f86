"""Messages for other systems and their receivers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import deliveries, endpoints
from hookline.api.deliveries import DeliveryQuery
from hookline.api.fields import Number
from hookline.api.route import Caller
from hookline.console.page import Page, asked, render

router = APIRouter(route_class=Page)


@router.get("/deliveries")
async def search(request: Request, user: Caller) -> Response:
    """Show a page of messages that fit a filter."""
    query, wrong = asked(DeliveryQuery, request)
    found = await deliveries.list_deliveries(request, user, query)
    return render(request, "deliveries.html", found=found, wrong=wrong)


@router.get("/deliveries/{number}")
async def one(request: Request, user: Caller, number: Number) -> Response:
    """Show a message with every attempt at it."""
    return render(request, "delivery.html", delivery=await deliveries.get_delivery(request, user, number))


@router.get("/endpoints")
async def receivers(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show the receivers and their circuit breakers."""
    found = await endpoints.list_endpoints(request, user, cursor=cursor)
    return render(request, "endpoints.html", found=found)
