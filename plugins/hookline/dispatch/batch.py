"""One batch of events to Dag runs, in one transaction.

Creating the runs and recording them commit together, so that a process that dies at any instruction leaves
either an event without a run that is still pending, or an event with its one run. The try is counted and
committed before: an event whose schema freezes its process, or whose run kills it, would do so for ever.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.dagrun import DagRun
from airflow.sdk import timezone
from airflow.sdk.exceptions import ParamValidationError
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import matching
from hookline.dispatch.dags import EventDags, Found, NotFound, choose
from hookline.inbox import store
from hookline.inbox.models import HELD
from hookline.protocol import deduplication

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG

    from hookline.inbox.models import InboxEvent

log = structlog.get_logger(__name__)

BATCH = 50
INT64_MIN, UINT64_MAX = -(2**63), 2**64 - 1
MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=10)
LEASE = timedelta(seconds=2)
"""Between counting a try and locking the event for it."""
FATAL = (
    f"Each of {MAX_ATTEMPTS} tries ended or froze its process. Look for a `pattern` in the schema that takes"
    " for ever with this event."
)


def dispatch(dags: EventDags) -> int:
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
        _try(dags, numbers)
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


def _try(dags: EventDags, numbers: list[int]) -> None:
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        events = store.lock(session, numbers)
        candidates = {event.seq: json.loads(event.candidates) for event in events}
        known = dags.look_up(session, (name for names in candidates.values() for name in names))
        woke = {event.seq for event, _ in matching.offer(session, events)}
        for event in events:
            _dispatch_one(session, event, choose(candidates[event.seq], known), woke=event.seq in woke)


def _dispatch_one(session: Session, event: InboxEvent, target: Found | NotFound, *, woke: bool) -> None:
    if isinstance(target, NotFound) and woke:
        store.taken(event)
    elif isinstance(target, NotFound):
        store.hold(event, target.reason)
    elif target.paused and not event.run_paused:
        store.hold(event, f"The Dag `{target.dag.dag_id}` is paused.")
    else:
        _create_run(session, event, target.dag)
    log.info(
        "event",
        source=event.source,
        event_id=event.event_id,
        type=event.event_type,
        state=event.state,
        dag_id=event.dag_id,
        run_id=event.run_id,
        # Why Airflow refuses an event may quote its data, which is for the inbox, not for the log.
        reason=event.reason if event.state == HELD else None,
    )


def _create_run(session: Session, event: InboxEvent, dag: SerializedDAG) -> None:
    run_id = deduplication.run_id(event.source, event.event_id)
    try:
        # An event that Airflow refuses must not take its batch along.
        with session.begin_nested():
            dag.create_dagrun(
                run_id=run_id,
                run_after=timezone.utcnow(),
                conf=_conf(event.body),
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.REST_API,
                triggering_user_name=f"webhook {event.source}",
                state=DagRunState.QUEUED,
                session=session,
            )
    except (OperationalError, InterfaceError):
        raise
    except (ParamValidationError, DataError, ValueError, TypeError, RecursionError) as error:
        store.quarantine(event, _reason(error))
    except IntegrityError as error:
        _settle_with_existing(session, event, dag.dag_id, run_id, error)
    except Exception as error:  # whatever else it is, the other events of the batch go on
        log.warning("Airflow raised on an event", event_id=event.event_id, exc_info=True)
        _try_again(event, error)
    else:
        store.dispatched(event, dag.dag_id, run_id)


def _conf(body: str) -> Any:
    """Return the event for ``dag_run.conf``.

    :raises ValueError: it has a whole number beyond 64 bits, with which the scheduler cannot start a task.
    """
    return json.loads(body, parse_int=_carried_int, parse_float=_carried_float)


def _carried_int(digits: str) -> int:
    number = int(digits)
    if not INT64_MIN <= number <= UINT64_MAX:
        raise ValueError("The data has a whole number beyond 64 bits; send it as text.")
    return number


def _carried_float(digits: str) -> float:
    number = float(digits)
    # PostgreSQL gives a large float back as a whole number.
    if abs(number) > UINT64_MAX:
        raise ValueError("The data has a number beyond 64 bits; send it as text.")
    return number


def _try_again(event: InboxEvent, error: Exception) -> None:
    if event.attempts >= MAX_ATTEMPTS:
        store.quarantine(event, _reason(error))
    else:
        store.postpone(event, _reason(error), timezone.utcnow(), RETRY_AFTER)


def _settle_with_existing(
    session: Session, event: InboxEvent, dag_id: str, run_id: str, error: IntegrityError
) -> None:
    run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
    if run is None:
        _try_again(event, error)
    elif (run.conf or {}).get("id") == event.event_id and run.conf.get("source") == event.source:
        store.dispatched(event, dag_id, run_id)
    else:
        store.quarantine(event, f"A run `{run_id}` of `{dag_id}` exists that this event did not start.")


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    # A validation error quotes the value it met, a database error the row: the first line is the reason.
    line = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
    printable = "".join(character if character.isprintable() else "?" for character in line[:500])
    return f"Airflow refused it: {printable}"
