"""``/overview``: how much came and went in the last 24 hours, and what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import and_, func, literal, select, true, union_all

from hookline.api.access import Sight, sight
from hookline.api.desk import Desk
from hookline.api.route import Caller, Guarded
from hookline.inbox.models import HELD, QUARANTINED, InboxEvent
from hookline.jobs import models as jobs
from hookline.jobs.models import Job
from hookline.outbox import models as outbox
from hookline.outbox.models import Delivery, EndpointState
from hookline.protocol.breaker import CLOSED
from hookline.tokens.models import KeptToken

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Overview"])
HOURS = 24
COUNTED = 5000
"""Rows of an hour, and of a kind of trouble, that are counted: more is "many" to whoever looks."""
HOUR = timedelta(hours=1)


class Hour(BaseModel):
    """One hour of a series."""

    hour: datetime
    """When it began."""
    count: int


class Series(BaseModel):
    """One number an hour, oldest first; the last hour has not ended."""

    name: Literal["events", "runs", "deliveries"]
    title: str
    hours: list[Hour]
    capped: bool
    """Whether an hour had more than the 5,000 that are counted."""


class Trouble(BaseModel):
    """Something that a person has to look at."""

    name: Literal[
        "held", "quarantined", "held_jobs", "refused_jobs", "failed_jobs", "dead", "endpoints", "tokens"
    ]
    count: int
    """Counted up to 5,000."""


class Overview(BaseModel):
    """The state of everything."""

    series: list[Series]
    trouble: list[Trouble]
    """What there is none of is left out."""


@router.get("/overview")
async def get_overview(request: Request, user: Caller) -> Overview:
    """Show the last 24 hours, and what needs a person now."""

    def read(session: Session) -> Overview:
        seen = sight(user, session)
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
        return Overview(
            series=[_series(session, start, kind) for kind in _kinds(seen)],
            trouble=[one for one in _trouble(session, seen) if one.count],
        )

    return await Desk.of(request).read(read)


class _Kind(NamedTuple):
    name: Any
    title: str
    at: Any
    visible: ColumnElement[bool]


def _kinds(seen: Sight) -> list[_Kind]:
    events = seen.of_dags(InboxEvent.dag_id, InboxEvent.source)
    runs = and_(Job.state == jobs.DONE, seen.of_dags(Job.dag_id, Job.source))
    return [
        _Kind("events", "Events received", InboxEvent.received_at, events),
        _Kind("runs", "Runs started and tasks woken", Job.created_at, runs),
        _Kind("deliveries", "Messages for other systems", Delivery.added_at, _own(seen)),
    ]


def _own(seen: Sight) -> ColumnElement[bool]:
    return true() if seen.everything else Delivery.dag_id.in_(seen.dags)


def _series(session: Session, start: datetime, kind: _Kind) -> Series:
    at = kind.at
    hours = [start + place * HOUR for place in range(HOURS)]
    asked = (
        select(literal(place), _number(at, at >= hour, at < hour + HOUR, kind.visible))
        for place, hour in enumerate(hours)
    )
    counts = {place: count for place, count in session.execute(union_all(*asked))}  # noqa: C416  rows are no pairs to mypy
    return Series(
        name=kind.name,
        title=kind.title,
        hours=[Hour(hour=hour, count=counts[place]) for place, hour in enumerate(hours)],
        capped=max(counts.values()) >= COUNTED,
    )


def _trouble(session: Session, seen: Sight) -> list[Trouble]:
    events, works = seen.of_dags(InboxEvent.dag_id, InboxEvent.source), seen.of_dags(Job.dag_id, Job.source)
    wanted: dict[Any, Any] = {
        "held": _number(InboxEvent.seq, InboxEvent.state == HELD, events),
        "quarantined": _number(InboxEvent.seq, InboxEvent.state == QUARANTINED, events),
        "held_jobs": _number(Job.seq, Job.state == jobs.HELD, works),
        "refused_jobs": _number(Job.seq, Job.state == jobs.REFUSED, works),
        "failed_jobs": _number(Job.seq, Job.state == jobs.FAILED, works),
        "dead": _number(Delivery.seq, Delivery.state == outbox.DEAD, _own(seen)),
    }
    if seen.sources is None:
        wanted["endpoints"] = _number(EndpointState.key, EndpointState.state != CLOSED)
        wanted["tokens"] = _number(KeptToken.conn_id, KeptToken.error.is_not(None))
    row = session.execute(select(*wanted.values())).one()
    return [Trouble(name=name, count=count) for name, count in zip(wanted, row, strict=True)]


def _number(column: Any, *conditions: ColumnElement[bool]) -> Any:
    some = select(column).where(*conditions).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
