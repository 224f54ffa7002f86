"""``/deliveries``: messages for other systems, each attempt, and sending them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict

from hookline.api import audit
from hookline.api.access import require_trigger, sight
from hookline.api.desk import Desk
from hookline.api.fields import MapIndex, Moment, Name, Number
from hookline.api.paging import Cursor, Limit, Page, Place, place
from hookline.api.problems import CONFLICT, not_found
from hookline.api.route import Caller, Guarded
from hookline.observe import again
from hookline.outbox import reading, store
from hookline.outbox.models import DELIVERED, PENDING, Delivery
from hookline.protocol.problem import Rejected

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Deliveries"])
State = Literal["pending", "delivered", "dead", "held", "cancelled"]
ATTEMPTS = 50
MOST = 500
"""Deliveries that one call sends again."""


class DeliverySummary(BaseModel):
    """One message, without what it says."""

    number: int
    delivery_id: str
    webhook: str
    endpoint: str
    dag_id: str
    run_id: str
    task_id: str | None
    map_index: int
    try_number: int
    transition: str
    occurred_at: datetime
    added_at: datetime
    state: State
    due_at: datetime
    """When it is sent next; of one that is being sent, when it would be sent by another process."""
    attempts: int
    status: int | None
    """HTTP status of the last answer."""
    reason: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> DeliverySummary:
        """Return it for a row of the outbox."""
        same = {name: getattr(row, name) for name in DeliverySummary.model_fields if name != "number"}
        return cls(number=row.seq, **same)


class AttemptDetail(BaseModel):
    """One request and what became of it."""

    started_at: datetime
    seconds: float
    status: int | None
    error: str | None
    request_headers: dict[str, Any]
    response_headers: dict[str, Any] | None
    response_body: str | None
    """Its beginning."""

    @classmethod
    def of(cls, row: Any) -> AttemptDetail:
        """Return it for a row of the outbox."""
        answered = json.loads(row.response_headers) if row.response_headers else None
        same = ("started_at", "seconds", "status", "error", "response_body")
        return cls(
            request_headers=json.loads(row.request_headers),
            response_headers=answered,
            **{name: getattr(row, name) for name in same},
        )


class DeliveryDetail(DeliverySummary):
    """One message, what it says and to whom, and the newest attempts."""

    target: dict[str, Any]
    message: Any
    tries: list[AttemptDetail]


class DeliveryFilter(BaseModel):
    """Which deliveries; all that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    dag_id: Name | None = None
    run_id: Name | None = None
    task_id: Name | None = None
    map_index: MapIndex | None = None
    webhook: Name | None = None
    endpoint: Name | None = None
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self, dags: frozenset[str] | None) -> reading.Filter:
        """Return it for the outbox."""
        same = {
            name: getattr(self, name)
            for name in DeliveryFilter.model_fields
            if name not in ("since", "until")
        }
        return reading.Filter(**same, added_from=self.since, added_before=self.until, dags=dags)


class DeliveryQuery(DeliveryFilter):
    """The parameters of a list."""

    limit: Limit = 50
    cursor: Cursor = None


class OfOneDag(DeliveryFilter):
    """Which deliveries of one Dag."""

    dag_id: Name


class Changed(BaseModel):
    """What a call has done."""

    count: int
    more: bool = False
    """Whether there were more than the 500 of one call: call again."""


@router.get("/deliveries")
async def list_deliveries(
    request: Request, user: Caller, query: Annotated[DeliveryQuery, Query()]
) -> Page[DeliverySummary]:
    """List messages for other systems, newest first."""
    after = place(query.cursor)

    def read(session: Session) -> Page[DeliverySummary]:
        rows = reading.page(
            session,
            query.wanted(_dags(user, session)),
            before=after.number if after else None,
            limit=query.limit + 1,
        )
        items = [DeliverySummary.of(row) for row in rows[: query.limit]]
        more = Place.numbered(items[-1].number).cursor() if rows[query.limit :] else None
        return Page(items=items, next_cursor=more)

    return await Desk.of(request).read(read)


@router.get("/deliveries/{number}")
async def get_delivery(request: Request, user: Caller, number: Number) -> DeliveryDetail:
    """Show one message with its newest 50 attempts."""

    def read(session: Session) -> DeliveryDetail:
        row = _visible(session, user, number)
        return DeliveryDetail(
            **DeliverySummary.of(row).model_dump(),
            target=json.loads(row.target or "{}"),
            message=json.loads(row.payload),
            tries=[AttemptDetail.of(one) for one in reading.attempts(session, number, limit=ATTEMPTS)],
        )

    return await Desk.of(request).read(read)


@router.post("/deliveries/{number}/replay")
async def replay_delivery(request: Request, user: Caller, number: Number) -> Changed:
    """Send one message again, from the beginning of the schedule."""
    return await _change(request, user, number, again.replay, "replay_delivery")


@router.post("/deliveries/{number}/cancel")
async def cancel_delivery(request: Request, user: Caller, number: Number) -> Changed:
    """Take one message back that has not been delivered."""
    return await _change(request, user, number, store.cancel, "cancel_delivery")


@router.post("/deliveries/replay")
async def replay_deliveries(request: Request, user: Caller, wanted: Annotated[OfOneDag, Body()]) -> Changed:
    """Send again what fits and is not delivered, at most 500 in one call."""

    def change(session: Session) -> Changed:
        require_trigger(user, wanted.dag_id, session)
        rows = [
            row
            for row in reading.page(session, wanted.wanted(_dags(user, session)), limit=MOST)
            if row.state not in (PENDING, DELIVERED)
        ]
        count = again.replay(session, [row.seq for row in rows], datetime.now(UTC))
        what = wanted.model_dump(mode="json", exclude_none=True)
        audit.record(session, user, "replay_deliveries", dag_id=wanted.dag_id, count=count, which=what)
        return Changed(count=count, more=count > 0 and len(rows) == MOST)

    return await Desk.of(request).write(change)


async def _change(request: Request, user: Any, number: int, action: Callable[..., int], name: str) -> Changed:
    def change(session: Session) -> Changed:
        require_trigger(user, None, session)
        row = _visible(session, user, number)
        require_trigger(user, row.dag_id, session)
        if not action(session, [number], datetime.now(UTC)):
            session.refresh(row)
            why = f" {row.reason}" if row.target == store.NOT_MADE and row.reason else ""
            raise Rejected(CONFLICT, f"It is {row.state}; nothing was done.{why}")
        audit.record(session, user, name, dag_id=row.dag_id, delivery=row.delivery_id)
        return Changed(count=1)

    return await Desk.of(request).write(change)


def _dags(user: Any, session: Session) -> frozenset[str] | None:
    seen = sight(user, session)
    return None if seen.everything else seen.dags


def _visible(session: Session, user: Any, number: int) -> Delivery:
    row = session.get(Delivery, number)
    dags = _dags(user, session)
    if row is None or (dags is not None and row.dag_id not in dags):
        raise not_found(f"There is no delivery {number}, or you may not see it.")
    return row
