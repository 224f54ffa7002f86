"""One rule for each table that grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, true

from hookline.inbox import models as inbox
from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import Refusal
from hookline.jobs import models as jobs
from hookline.jobs.models import Job, Progress, Turn
from hookline.observe.models import Cursor, OpenRun, Registered, Seen
from hookline.outbox import models as outbox
from hookline.outbox.models import Attempt, Delivery, EndpointState
from hookline.replay import models as replay
from hookline.replay.models import Replay, ReplayItem
from hookline.tokens.models import Consent, KeptToken
from hookline.waiters.models import Collected, Waiter

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table may go.

    :param key: a row's number, or its run's, in about the order of ``at``.
    :param at: when a row was written.
    :param may_go: what must hold of a row, whatever its age; tested again in the statement that deletes.
    :param parts: columns of other tables that hold the ``seq`` of a row and go with it.
    """

    key: Any
    at: Any
    may_go: ColumnElement[bool]
    parts: tuple[Any, ...] = ()

    @property
    def model(self) -> Any:
        """The table."""
        return self.key.class_


RULES: dict[str, Rule] = {
    "events": Rule(
        InboxEvent.seq,
        InboxEvent.received_at,
        InboxEvent.state.in_((inbox.DISPATCHED, *inbox.GIVEN_UP))
        & ~exists().where(
            Job.event_seq == InboxEvent.seq, Job.state.in_((jobs.PENDING, jobs.HELD, jobs.GATHERING))
        ),
    ),
    "jobs": Rule(
        Job.seq, Job.created_at, Job.state.in_((jobs.DONE, jobs.REFUSED, jobs.FAILED, jobs.CANCELLED))
    ),
    "deliveries": Rule(
        Delivery.seq,
        Delivery.added_at,
        Delivery.state.in_((outbox.DELIVERED, outbox.DEAD, outbox.CANCELLED)),
        (Attempt.delivery,),
    ),
    "replays": Rule(
        Replay.seq,
        Replay.created_at,
        Replay.state.in_((replay.DONE, replay.CANCELLED)),
    ),
    "refusals": Rule(Refusal.seq, Refusal.refused_at, true()),
    "transitions": Rule(Seen.run, Seen.seen_at, ~exists().where(OpenRun.run == Seen.run)),
}

KEPT = {
    ReplayItem: "gone when its job is there, or its replay is cancelled",
    KeptToken: "one row for each Connection",
    Consent: "the keeper removes it when it is old",
    EndpointState: "one row for each endpoint",
    Turn: "gone with its run",
    Progress: "one row for each loop",
    Waiter: "it goes with the wait of its task",
    Collected: "it goes with its waiter",
    Cursor: "one row",
    OpenRun: "gone when its run has ended",
    Registered: "one row for each step webhook",
}
"""Tables without a rule, and why."""
