"""Recording attempts, many by one commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, bindparam, insert, select, update

from hookline.outbox import claims
from hookline.outbox.models import DEAD, DELIVERED, HELD, PENDING, Attempt, Delivery, EndpointState
from hookline.protocol import breaker
from hookline.protocol.redelivery import Again, Dead, Delivered, Held, Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Result:
    """One attempt that has ended.

    :param seq: of its :class:`~hookline.outbox.models.Delivery`.
    :param seconds: how long it took.
    :param request_headers: JSON without secrets; so are ``response_headers``.
    :param troubled: whether the endpoint's breaker was other than untouched when the delivery was taken.
    """

    seq: int
    endpoint: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    outcome: Outcome
    decision: Delivered | Again | Held | Dead
    request_headers: str = "{}"
    response_headers: str | None = None
    response_body: str | None = None
    troubled: bool = False


_DELIVERY: Any = Delivery.__table__
_ATTEMPT: Any = Attempt.__table__
_IS_PENDING = _DELIVERY.c.state == PENDING
# What was delivered stays delivered, and what a person cancelled meanwhile has arrived all the same.
_RECORD = (
    update(_DELIVERY)
    .where(_DELIVERY.c.seq == bindparam("of"), _IS_PENDING | (bindparam("to", type_=String) == DELIVERED))
    .values(
        state=bindparam("to"),
        due_at=bindparam("due"),
        attempts=_DELIVERY.c.attempts + 1,
        failures=_DELIVERY.c.failures + bindparam("failed"),
        status=bindparam("answered"),
        reason=bindparam("why"),
        ended_at=bindparam("ended"),
    )
)


def record(connection: Connection, results: Sequence[Result], rules: breaker.Rules) -> list[str]:
    """Store attempts, what becomes of their deliveries, and what they say of their endpoints.

    :returns: sentences about endpoints that were disabled.
    """
    ordered = sorted(results, key=lambda result: result.seq)  # all processes lock in one order
    connection.execute(insert(_ATTEMPT), [_attempt(result) for result in ordered])
    connection.execute(_RECORD, [_delivery(result) for result in ordered])
    of: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda result: result.ended_at):
        of[result.endpoint].append(result)
    worth = [
        key
        for key, some in of.items()
        if any(result.troubled or not result.outcome.delivered for result in some)
    ]
    return [
        notice for key in sorted(worth) if (notice := _judge(connection, key, of[key], rules)) is not None
    ]


def _judge(connection: Connection, key: str, results: list[Result], rules: breaker.Rules) -> str | None:
    query = select(EndpointState.__table__).where(EndpointState.key == key).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        return None
    before = state = claims.state_of(row)
    for result in results:
        state = breaker.after(rules, state, result.outcome, result.ended_at)
    if state != before:
        claims.write(connection, key, state, results[-1].ended_at)
    if state.state == breaker.DISABLED != before.state:
        return f"{key}: {state.reason}"
    return None


def _attempt(result: Result) -> dict[str, object]:
    return {
        "delivery": result.seq,
        "started_at": result.started_at,
        "seconds": result.seconds,
        "status": result.outcome.status,
        "error": result.outcome.reason or None,
        "request_headers": result.request_headers,
        "response_headers": result.response_headers,
        "response_body": result.response_body,
    }


def _delivery(result: Result) -> dict[str, object]:
    state, due, ended, reason = PENDING, result.ended_at, None, result.outcome.reason or None
    match result.decision:
        case Delivered():
            state, ended = DELIVERED, result.ended_at
        case Again(seconds):
            due = result.ended_at + timedelta(seconds=seconds)
        case Held():
            state = HELD
        case Dead(why):
            state, ended, reason = DEAD, result.ended_at, why
    return {
        "of": result.seq,
        "to": state,
        "due": due,
        "failed": int(not result.outcome.delivered),
        "answered": result.outcome.status,
        "why": reason,
        "ended": ended,
    }
