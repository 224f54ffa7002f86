"""``/catalog``: the events that are known."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from hookline import catalog
from hookline.api.fields import Name
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded

router = APIRouter(route_class=Guarded, tags=["Catalog"])


class KnownEvent(BaseModel):
    """One entry."""

    name: str
    """The dag id of the Dag that takes it, with `any` in place of slugs."""
    title: str
    documentation: str
    source: str
    event_path: str


class KnownEventDetail(KnownEvent):
    """One entry with what its data is."""

    headers: dict[str, str]
    event_schema: dict[str, Any]
    sample: Any


@router.get("/catalog")
async def list_known_events(_user: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[KnownEvent]:
    """List the events that are known, by name."""
    after = named(cursor)
    names = sorted(name for name in catalog.names() if name > after)
    return Page(
        items=[_known(name) for name in names[:limit]],
        next_cursor=naming(names[limit - 1]) if names[limit:] else None,
    )


@router.get("/catalog/{name}")
async def get_known_event(_user: Caller, name: Name) -> KnownEventDetail:
    """Show one of them with its schema and a sample."""
    return _known(name)


def _known(name: str) -> KnownEventDetail:
    known = catalog.find(name)
    if known is None:
        raise not_found(f"The catalog has no event `{name}`.")
    same = ("title", "documentation", "source", "event_path", "headers", "sample")
    return KnownEventDetail(
        name=name, event_schema=known.schema, **{field: getattr(known, field) for field in same}
    )
