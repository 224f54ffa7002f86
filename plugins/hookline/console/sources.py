"""Sources: who may send, what came, and why something was refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hookline.api import catalog, events, set_up, sources
from hookline.api.events import EventQuery
from hookline.api.route import Caller
from hookline.api.sources import SourceName
from hookline.console.page import Page, render
from hookline.inbox.refusals import LINKS
from hookline.protocol.signatures.registry import SCHEMES

router = APIRouter(route_class=Page)
Sample = Annotated[str | None, Query(max_length=250)]
SHOWN = 20
"""Newest events and refusals on a source's page."""


@router.get("/sources")
async def every(request: Request, user: Caller, cursor: str | None = None) -> Response:
    """Show the sources by name."""
    found = await sources.list_sources(request, user, cursor=cursor)
    return render(request, "sources.html", found=found)


@router.get("/sources/{name}")
async def one(request: Request, user: Caller, name: SourceName, event: Sample = None) -> Response:
    """Show one source with what comes in, taken and refused, and how to try it."""
    source = await sources.get_source(request, user, name)
    refused = await sources.list_refusals(request, user, source=name, limit=SHOWN)
    taken = await events.list_events(request, user, EventQuery(source=name, limit=SHOWN))
    known = await catalog.list_known_events(user, limit=200)
    samples = [entry for entry in known.items if entry.source in (name, source.auth_type)]
    if event is None and samples:
        event = samples[0].name
    return render(
        request,
        "source.html",
        source=source,
        refused=refused,
        taken=taken,
        samples=samples or known.items,
        event=event,
        set_up=None if source.error else await set_up.get_set_up(request, user, name, event or None),
    )


@router.get("/refused")
async def refused(request: Request, user: Caller) -> Response:
    """Show the resume links that were refused, and the requests to no source."""
    links = await sources.list_refusals(request, user, source=LINKS, limit=SHOWN)
    nobody = await sources.list_refusals(request, user, source=sources.NOBODY, limit=SHOWN)
    return render(request, "refused.html", links=links.items, nobody=nobody.items)


@router.get("/new-source")
async def new(request: Request, _user: Caller) -> Response:
    """Show the form that makes a source."""
    return render(request, "new_source.html", schemes=sorted(SCHEMES))
