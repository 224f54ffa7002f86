"""``/jobs``: what each event caused."""

from __future__ import annotations

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
from hookline.jobs import store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Jobs"])
State = Literal["pending", "held", "gathering", "done", "refused", "failed", "cancelled"]
Kind = Literal["run", "wake", "asset", "manual"]


class JobSummary(BaseModel):
    """One job, without its event's data."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    event_number: int | None
    """The event that caused it; none for a run that a person started."""
    source: str
    event_id: str
    event_type: str
    received_at: datetime
    url: str | None
    kind: Kind
    target: str
    dag_id: str | None
    run_id: str | None
    task_id: str | None
    map_index: int | None
    state: State
    reason: str | None
    attempts: int
    held_by: str | None
    """The person who holds it; none where its Dag cannot run, or where it is not held."""
    origin_number: int | None
    """The job that this one repeats."""
    due_at: datetime
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> JobSummary:
        """Return it for a row of the table."""
        renamed = {"number": row.seq, "event_number": row.event_seq, "origin_number": row.origin_seq}
        same = {name: getattr(row, name) for name in JobSummary.model_fields if name not in renamed}
        return cls(**renamed, **same)


class JobDetail(JobSummary):
    """One job with its event."""

    event: dict[str, Any] | None
    """The CloudEvent; null where it is no longer kept."""


class JobFilter(BaseModel):
    """Which jobs; all that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    source: Name | None = None
    event_type: Name | None = None
    event_id: Name | None = None
    state: State | None = None
    kind: Kind | None = None
    dag_id: Name | None = None
    run_id: Name | None = None
    correlation: Name | None = None
    since: Moment | None = None
    until: Moment | None = None
    text: Words | None = None

    def wanted(self, dags: frozenset[str] | None) -> store.Filter:
        """Return it for the table."""
        return store.Filter(**{name: getattr(self, name) for name in JobFilter.model_fields}, dags=dags)


class JobQuery(JobFilter):
    """The parameters of a list."""

    limit: Limit = 50
    cursor: Cursor = None


@router.get("/jobs")
async def list_jobs(request: Request, user: Caller, query: Annotated[JobQuery, Query()]) -> Page[JobSummary]:
    """List jobs, newest first."""
    after = place(query.cursor)

    def read(session: Session) -> Page[JobSummary]:
        seen = sight(user, session)
        found = store.page(
            session.connection(),
            query.wanted(None if seen.everything else seen.dags),
            limit=query.limit,
            before=after.number if after else None,
        )
        cursor = Place.numbered(found.before).cursor() if found.before is not None else None
        return Page(items=[JobSummary.of(row) for row in found.jobs], next_cursor=cursor)

    return await Desk.of(request).read(read)


@router.get("/jobs/{number}", response_model=JobDetail)
async def get_job(request: Request, user: Caller, number: Number) -> Response:
    """Show one job with its event."""

    def read(session: Session) -> str:
        row = store.get(session.connection(), number)
        if row is None or not sight(user, session).sees(row.dag_id, row.source):
            raise not_found(f"There is no job {number}, or you may not see it.")
        return f'{JobSummary.of(row).model_dump_json()[:-1]}, "event": {row.event_body or "null"}}}'

    return Response(await Desk.of(request).read(read), media_type="application/json")
