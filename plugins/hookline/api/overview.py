"""``/overview``: how much came and went in the last 24 hours, and what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import func, select

from hookline.api import series
from hookline.api.access import Sight, sight
from hookline.api.desk import Desk
from hookline.api.route import Caller, Guarded
from hookline.api.series import COUNTED, Series, own
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
        return Overview(
            series=series.read(session, seen, datetime.now(UTC)),
            trouble=[one for one in _trouble(session, seen) if one.count],
        )

    return await Desk.of(request).read(read)


def _trouble(session: Session, seen: Sight) -> list[Trouble]:
    events, works = seen.of_dags(InboxEvent.dag_id, InboxEvent.source), seen.of_dags(Job.dag_id, Job.source)
    wanted: dict[Any, Any] = {
        "held": _number(InboxEvent.seq, InboxEvent.state == HELD, events),
        "quarantined": _number(InboxEvent.seq, InboxEvent.state == QUARANTINED, events),
        "held_jobs": _number(Job.seq, Job.state == jobs.HELD, works),
        "refused_jobs": _number(Job.seq, Job.state == jobs.REFUSED, works),
        "failed_jobs": _number(Job.seq, Job.state == jobs.FAILED, works),
        "dead": _number(Delivery.seq, Delivery.state == outbox.DEAD, own(seen)),
    }
    if seen.sources is None:
        wanted["endpoints"] = _number(EndpointState.key, EndpointState.state != CLOSED)
        wanted["tokens"] = _number(KeptToken.conn_id, KeptToken.error.is_not(None))
    row = session.execute(select(*wanted.values())).one()
    return [Trouble(name=name, count=count) for name, count in zip(wanted, row, strict=True)]


def _number(column: Any, *conditions: ColumnElement[bool]) -> Any:
    some = select(column).where(*conditions).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
