"""``/endpoints``: the receivers of messages, and whether they are sent to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict

from hookline.api import audit
from hookline.api.access import require_connection
from hookline.api.desk import Desk
from hookline.api.fields import Name
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded
from hookline.outbox import reading, store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Endpoints"])


class Endpoint(BaseModel):
    """One receiver, and the state of its circuit breaker."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    conn_id: str | None
    ordered: bool
    state: Literal["closed", "open", "half_open", "disabled"]
    """`closed`: it is sent to."""
    reason: str | None
    changed_at: datetime
    failures: int
    """In a row."""
    failing_since: datetime | None
    probe_at: datetime | None
    """When it is tried again."""


class Which(BaseModel):
    """The receiver meant."""

    model_config = ConfigDict(extra="forbid")

    key: Name


class Set(BaseModel):
    """What was done."""

    key: str
    released: int = 0
    """Messages that were held for it and go out now."""


@router.get("/endpoints")
async def list_endpoints(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[Endpoint]:
    """List receivers by key; it takes the right to read Connections."""
    after = named(cursor)

    def read(session: Session) -> Page[Endpoint]:
        require_connection(user, "GET", None, session)
        rows = reading.endpoints(session, after=after, limit=limit + 1)
        items = [Endpoint.model_validate(row) for row in rows[:limit]]
        return Page(items=items, next_cursor=naming(items[-1].key) if rows[limit:] else None)

    return await Desk.of(request).read(read)


@router.post("/endpoints/enable")
async def enable_endpoint(request: Request, user: Caller, which: Annotated[Which, Body()]) -> Set:
    """Send to a receiver again, also what was held for it."""

    def change(session: Session) -> Set:
        require_connection(user, "PUT", None, session)
        released = store.enable(session, which.key, datetime.now(UTC))
        if released is None:
            raise not_found(f"There is no endpoint `{which.key}`.")
        audit.record(session, user, "enable_endpoint", endpoint=which.key, released=released)
        return Set(key=which.key, released=released)

    return await Desk.of(request).write(change)


@router.post("/endpoints/disable")
async def disable_endpoint(request: Request, user: Caller, which: Annotated[Which, Body()]) -> Set:
    """Send nothing to a receiver until it is enabled; its messages are held."""

    def change(session: Session) -> Set:
        require_connection(user, "PUT", None, session)
        if not store.disable(session, which.key, f"Disabled by {user.get_name()}.", datetime.now(UTC)):
            raise not_found(f"There is no endpoint `{which.key}`.")
        audit.record(session, user, "disable_endpoint", endpoint=which.key)
        return Set(key=which.key)

    return await Desk.of(request).write(change)
