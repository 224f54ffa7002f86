"""``/events``: what arrived, and what became of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from hookline.api.access import sight
from hookline.api.desk import Desk
from hookline.api.fields import Moment, Name, Number, Words
from hookline.api.paging import Cursor, Limit, Page, Place, place
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded
from hookline.inbox import search
from hookline.inbox.models import InboxEvent
from hookline.inbox.search import Filter

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Events"])
State = Literal["pending", "dispatched", "held", "quarantined", "failed"]


class EventSummary(BaseModel):
    """One event, without its data."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    """In the order of acceptance; names the event in this API."""
    source: str
    event_id: str
    event_type: str
    received_at: datetime
    state: State
    reason: str | None
    """Why it is held or quarantined, or was put off."""
    attempts: int
    dag_id: str | None
    run_id: str | None
    correlation: str | None
    """What tasks that wait know it by."""
    candidates: list[str]
    """Dag ids that may run for it, best first."""

    @classmethod
    def of(cls, row: Any) -> EventSummary:
        """Return it for a row of the inbox."""
        return cls(
            number=row.seq,
            candidates=json.loads(row.candidates),
            **{name: getattr(row, name) for name in _SAME},
        )


_SAME = tuple(name for name in EventSummary.model_fields if name not in ("number", "candidates"))


class EventDetail(EventSummary):
    """One event with what was kept of its request."""

    event: dict[str, Any]
    """The CloudEvent, `data` as the sender wrote it; `hookline.headers` are without secrets."""


class EventFilter(BaseModel):
    """Which events; all that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    source: Name | None = None
    event_id: Name | None = None
    event_type: Name | None = None
    state: State | None = None
    dag_id: Name | None = None
    run_id: Name | None = None
    correlation: Name | None = None
    since: Moment | None = None
    until: Moment | None = None
    text: Words | None = None

    def wanted(self) -> Filter:
        """Return it for the inbox."""
        return Filter(**{name: getattr(self, name) for name in EventFilter.model_fields})


class EventQuery(EventFilter):
    """The parameters of a list."""

    limit: Limit = 50
    cursor: Cursor = None


@router.get("/events")
async def list_events(
    request: Request, user: Caller, query: Annotated[EventQuery, Query()]
) -> Page[EventSummary]:
    """List events, newest first.

    A search for `text` looks at 2,000 events a page: a page may have fewer items than `limit` and still a
    `next_cursor`.
    """
    after = place(query.cursor)

    def read(session: Session) -> Page[EventSummary]:
        seen = sight(user, session).of_dags(InboxEvent.dag_id, InboxEvent.source)
        found = search.page(session, query.wanted(), seen, limit=query.limit, after=after)
        return Page(
            items=[EventSummary.of(row) for row in found.rows],
            next_cursor=Place(*found.last).cursor() if found.last else None,
        )

    return await Desk.of(request).read(read)


@router.get("/events/{number}", response_model=EventDetail)
async def get_event(request: Request, user: Caller, number: Number) -> Response:
    """Show one event with its data."""

    def read(session: Session) -> str:
        event = search.one(session, number)
        if event is None or not sight(user, session).sees(event.dag_id, event.source):
            raise not_found(f"There is no event {number}, or you may not see it.")
        # As it is kept: a number of the sender's keeps its digits.
        return f'{EventSummary.of(event).model_dump_json()[:-1]}, "event": {event.body}}}'

    return Response(await Desk.of(request).read(read), media_type="application/json")
