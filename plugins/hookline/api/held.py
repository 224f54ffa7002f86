"""``/held``: events that no Dag takes at present."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from hookline.api.access import sight
from hookline.api.desk import Desk
from hookline.api.paging import Cursor, Page, named, naming
from hookline.api.route import Caller, Guarded
from hookline.inbox import held

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Held events"])


class HeldKind(BaseModel):
    """Events that wait for the same Dags."""

    candidates: list[str]
    """Dag ids that may run for them, best first."""
    count: int
    """Counted up to 10,000."""
    oldest_at: datetime
    event_type: str
    source: str
    reason: str | None
    """Why the oldest is held; its type and source stand before."""
    nearest: list[str]
    """Dags that there are and that are called nearly so, or exactly so."""


@router.get("/held")
async def list_held(
    request: Request,
    user: Caller,
    limit: Annotated[int, Query(ge=1, le=50, description="Kinds of a page")] = 50,
    cursor: Cursor = None,
) -> Page[HeldKind]:
    """List held events by kind; a page may be shorter than `limit` and still not the last."""
    after = named(cursor)

    def read(session: Session) -> Page[HeldKind]:
        seen = sight(user, session)
        found = held.kinds(session, limit=limit + 1, after=after)
        items = [
            HeldKind(
                candidates=list(kind.candidates),
                count=kind.count,
                oldest_at=kind.oldest_at,
                event_type=kind.event_type,
                source=kind.source,
                reason=kind.reason,
                nearest=held.nearest(kind.candidates, seen.dags),
            )
            for kind in found[:limit]
            if seen.sources is None or seen.dags.intersection(kind.candidates)
        ]
        last = json.dumps(found[limit - 1].candidates) if found[limit:] else None
        return Page(items=items, next_cursor=naming(last) if last else None)

    return await Desk.of(request).read(read)
