"""``/sources`` and ``/refusals``: who may send, and why requests were refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from hookline.api.access import Sight, require_connection, sight
from hookline.api.desk import Desk
from hookline.api.fields import Name
from hookline.api.paging import Cursor, Limit, Page, Place, named, naming, place
from hookline.api.problems import forbidden, not_found
from hookline.api.route import Caller, Guarded
from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.inbox import refusals, search
from hookline.inbox.refusals import NO_SOURCE
from hookline.ingress.connections import listed, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Sources"])
SourceName = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]*$", max_length=100)]
NOBODY = "-"
RECENTLY = timedelta(hours=1)


class Source(BaseModel):
    """A Connection of type ``webhook``; no secret of it."""

    name: str
    url: str
    auth_type: str | None
    """None where its configuration cannot be read."""
    methods: list[str]
    dag_prefix: str | None
    error: str | None
    """Why it takes nothing."""
    last_event_at: datetime | None
    last_refusal_at: datetime | None
    waiting: dict[str, int]
    """Events by state, but for those that were dispatched; counted up to 10,000."""
    recent: int
    """Events of the last hour, counted up to 10,000."""
    recently_refused: int
    """Refused requests of the last hour, of those that are still kept."""


class Refusal(BaseModel):
    """One kind of refusal within a second or so."""

    number: int
    source: str
    """Empty for requests to no source, ``-links`` for resume links."""
    refused_at: datetime
    problem: str
    status: int
    reason: str
    client: str
    times: int
    request: dict[str, Any]
    """The last such request, without secrets."""


@router.get("/sources")
async def list_sources(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[Source]:
    """List sources by name; those in a secrets backend cannot be listed."""
    after = named(cursor)

    def read(session: Session) -> Page[Source]:
        seen = _sight(user, session)
        names = sorted(name for name in listed() if name > after and seen.sees_source(name))
        return Page(
            items=_sources(names[:limit], session),
            next_cursor=naming(names[limit - 1]) if names[limit:] else None,
        )

    return await Desk.of(request).read(read)


@router.get("/sources/{name}")
async def get_source(request: Request, user: Caller, name: SourceName) -> Source:
    """Show one source, wherever its Connection is kept."""

    def read(session: Session) -> Source:
        require_connection(user, "GET", name, session)
        found = _sources([name], session)
        if not found:
            raise not_found(f"No Connection of type `webhook` is called `{name}`.")
        return found[0]

    return await Desk.of(request).read(read)


@router.get("/refusals")
async def list_refusals(
    request: Request, user: Caller, source: Name | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[Refusal]:
    """List refused requests, newest first; `source=-` those to no source, `source=-links` resume links."""
    after = place(cursor)

    def read(session: Session) -> Page[Refusal]:
        seen = _sight(user, session)
        wanted = NO_SOURCE if source == NOBODY else source
        if wanted is not None and not seen.sees_source(wanted):
            raise forbidden("This takes a right to Connections that you do not have.")
        rows = refusals.page(
            session.connection(),
            wanted,
            seen.sources,
            limit=limit + 1,
            before=after.number if after else None,
        )
        items = [
            Refusal(number=row.seq, request=json.loads(row.request), **{k: getattr(row, k) for k in _SAME})
            for row in rows[:limit]
        ]
        return Page(
            items=items, next_cursor=Place.numbered(items[-1].number).cursor() if rows[limit:] else None
        )

    return await Desk.of(request).read(read)


_SAME = ("source", "refused_at", "problem", "status", "reason", "client", "times")


def _sight(user: Any, session: Session) -> Sight:
    require_connection(user, "GET", None, session)
    return sight(user, session)


def _sources(names: Sequence[str], session: Session) -> list[Source]:
    configured = {name: found for name in names if (found := _configured(name)) is not None}
    since = datetime.now(UTC) - RECENTLY
    activity = search.activity(session, configured, since)
    refused = refusals.activity(session.connection(), configured, since)
    return [
        Source(
            name=name,
            url=url_of(name),
            **found,
            last_event_at=activity[name].last,
            last_refusal_at=refused[name][0],
            waiting=activity[name].waiting,
            recent=activity[name].recent,
            recently_refused=refused[name][1],
        )
        for name, found in configured.items()
    ]


def _configured(name: str) -> dict[str, Any] | None:
    auth_type, methods, prefix, error = None, [], None, None
    try:
        found = load(name)
        if found is None:
            return None
        auth_type, methods, prefix = found.scheme.name, list(found.methods), found.dag_prefix
    except (ConfigurationError, BackendUnavailable) as problem:
        error = str(problem)
    return {"auth_type": auth_type, "methods": methods, "dag_prefix": prefix, "error": error}


def url_of(name: str) -> str:
    """Return where a source's sender sends to, by Airflow's own address."""
    from airflow.configuration import conf

    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/hooks/in/{name}"
