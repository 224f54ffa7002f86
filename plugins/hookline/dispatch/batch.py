"""One batch of events to jobs and Dag runs, in one transaction.

Creating the runs and recording them commit together, so that a process that dies at any instruction leaves
either an event without a run that is still pending, or an event with its one run. The try is counted and
committed before: an event whose schema freezes its process, or whose run kills it, would do so for ever.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from airflow.sdk import timezone
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import matching, tracing, wakes
from hookline.dispatch.runs import MAX_ATTEMPTS
from hookline.inbox import store
from hookline.inbox.models import HELD
from hookline.metrics import meter

if TYPE_CHECKING:
    from hookline.dispatch.route import Router
    from hookline.inbox.models import InboxEvent

log = structlog.get_logger(__name__)

BATCH = 100
LEASE = timedelta(seconds=2)
"""Between counting a try and locking the event for it."""
FATAL = (
    f"Each of {MAX_ATTEMPTS} tries ended or froze its process. Look for a `pattern` in the schema that takes"
    " for ever with this event."
)


def dispatch(router: Router) -> int:
    """Hand one batch of pending events to Airflow.

    :returns: how many events were claimed; 0 means that nothing was due.
    :raises SQLAlchemyError: the database is away; nothing of the batch has happened.
    """
    now = timezone.utcnow()
    with autocommit() as connection:
        if not store.has_pending(connection, now):
            return 0
    with Session(engine()) as session, session.begin():
        claimed, numbers = _begin(session, now)
    try:
        _try(router, numbers)
    except Exception:
        with suppress(SQLAlchemyError), Session(engine()) as session, session.begin():
            store.take_back_tries(session, numbers, timezone.utcnow())
        raise
    return claimed


def _begin(session: Session, now: datetime) -> tuple[int, list[int]]:
    events = store.claim(session, now, BATCH)
    fresh = [event for event in events if not event.attempts]
    # Of a batch that ended its process nobody knows which event did: from then on each is tried alone.
    chosen = fresh if events and not events[0].attempts else events[:1]
    numbers = []
    for event in chosen:
        if event.attempts >= MAX_ATTEMPTS:
            store.quarantine(event, FATAL)
            continue
        store.begin_try(event, now + LEASE)
        numbers.append(event.seq)
    return len(chosen), numbers


def _try(router: Router, numbers: list[int]) -> None:
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        events = store.lock(session, numbers)
        taken = matching.offer(session, events)
        wakes.record(session, taken)
        router.route(session, events, {event.seq for event, _ in taken})
    for event in events:
        _report(event)


def _report(event: InboxEvent) -> None:
    meter.count(f"hookline.dispatched.{event.state}")
    log.info(
        "event",
        source=event.source,
        event_id=event.event_id,
        type=event.event_type,
        state=event.state,
        dag_id=event.dag_id,
        run_id=event.run_id,
        trace_id=tracing.named_in(event.body),
        # Why Airflow refuses an event may quote its data, which is for the inbox, not for the log.
        reason=event.reason if event.state == HELD else None,
    )
