"""Reading and writing the inbox; every function works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, TIMESTAMP, Boolean, Text, bindparam, cast, func, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from hookline.inbox.models import DISPATCHED, FAILED, GIVEN_UP, HELD, PENDING, QUARANTINED, InboxEvent

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from hookline.protocol.intake import Accepted

_FRESH: dict[str, Any] = {"attempts": 0}


def add(connection: Connection, events: Sequence[Accepted]) -> set[tuple[str, str]]:
    """Insert events by one statement, leaving out those that are already there.

    One that was given up and is sent again, perhaps mended, takes the old one's place.

    :param events: no two with the same source and event id.
    :returns: ``(source, event id)`` of the rows that are new.
    """
    rows = [
        {
            "source": event.source,
            "event_id": event.event_id,
            "event_type": event.event_type,
            "candidates": _written(event.candidates),
            "run_paused": event.run_paused,
            "received_at": event.received_at,
            "due_at": event.received_at,
            "body": event.body,
            "state": QUARANTINED if event.quarantine else PENDING,
            "reason": event.quarantine,
            "replay_key": event.replay and event.replay.key,
            "correlation": event.correlation,
        }
        for event in events
    ]
    if connection.dialect.name == "postgresql":
        # Columns as arrays: the driver composes a few parameters instead of a dozen for each row.
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        new = {tuple(row) for row in connection.execute(_insert_arrays(), columns)}
    else:
        statement = _new_only(sqlite.insert(InboxEvent).values(_FRESH))
        new = {tuple(row) for row in connection.execute(statement, rows)}
    known = [row for row in rows if (row["source"], row["event_id"]) not in new]
    return new | _replace_given_up(connection, known) if known else new


@lru_cache(maxsize=1024)
def _written(candidates: tuple[str, ...]) -> str:
    return json.dumps(candidates)


@cache
def _insert_arrays() -> Any:
    time = TIMESTAMP(timezone=True)
    types: dict[str, Any] = {
        "source": Text,
        "event_id": Text,
        "event_type": Text,
        "candidates": Text,
        "run_paused": Boolean,
        "received_at": time,
        "due_at": time,
        "body": Text,
        "state": Text,
        "reason": Text,
        "replay_key": Text,
        "correlation": Text,
    }
    names = list(types)
    arrays = (cast(bindparam(name), ARRAY(kind)) for name, kind in types.items())
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    source = select(*rows.c, *(literal(value) for value in _FRESH.values()))
    return _new_only(postgresql.insert(InboxEvent).from_select([*names, *_FRESH], source))


def _new_only(statement: Any) -> Any:
    return statement.on_conflict_do_nothing(index_elements=["source", "event_id"]).returning(
        InboxEvent.source, InboxEvent.event_id
    )


def _replace_given_up(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    # Not by ON CONFLICT DO UPDATE: it would wait for the dispatcher, which has events locked while it works.
    key = tuple_(InboxEvent.source, InboxEvent.event_id)
    sent = {(row["source"], row["event_id"]): row for row in rows if row["state"] == PENDING}
    query = select(InboxEvent.source, InboxEvent.event_id).where(
        key.in_(list(sent)), InboxEvent.state.in_(GIVEN_UP)
    )
    replaced = set()
    for source, event_id in connection.execute(query).all() if sent else ():
        # The tries stay: an event that ended its process is not to do so again.
        statement = update(InboxEvent).where(key == (source, event_id), InboxEvent.state.in_(GIVEN_UP))
        if connection.execute(statement.values(sent[source, event_id])).rowcount:
            replaced.add((source, event_id))
    return replaced


def has_pending(connection: Connection, now: datetime) -> bool:
    """Tell whether any event waits for the dispatcher."""
    query = select(InboxEvent.seq).where(InboxEvent.state == PENDING, InboxEvent.due_at <= now).limit(1)
    return connection.execute(query).first() is not None


def claim(session: Session, now: datetime, limit: int) -> Sequence[InboxEvent]:
    """Lock and return the oldest pending events that no other replica holds."""
    query = (
        select(InboxEvent)
        .where(InboxEvent.state == PENDING, InboxEvent.due_at <= now)
        .order_by(InboxEvent.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def begin_try(event: InboxEvent, until: datetime) -> None:
    """Count a try, and keep other replicas off the event until it is locked for the try itself.

    :param until: when another replica may try, should this one have died meanwhile.
    """
    event.attempts += 1
    event.due_at = until


def lock(session: Session, numbers: Sequence[int]) -> Sequence[InboxEvent]:
    """Lock and return those of the events that still wait for the dispatcher, oldest first."""
    query = (
        select(InboxEvent)
        .where(InboxEvent.seq.in_(numbers), InboxEvent.state == PENDING)
        .order_by(InboxEvent.seq)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def take_back_tries(session: Session, numbers: Sequence[int], now: datetime) -> None:
    """Undo :func:`begin_try`: nothing was tried, and the process lives."""
    statement = update(InboxEvent).where(InboxEvent.seq.in_(numbers), InboxEvent.state == PENDING)
    session.execute(
        statement.values(attempts=InboxEvent.attempts - 1, due_at=now).execution_options(
            synchronize_session=False
        )
    )


def dispatched(event: InboxEvent, dag_id: str | None, run_id: str | None) -> None:
    """Record the run that the event started, or the Dag that is to have one."""
    event.state, event.dag_id, event.run_id, event.reason = DISPATCHED, dag_id, run_id, None


def taken(event: InboxEvent) -> None:
    """Record that the event went to a waiting task or an asset, and starts no run."""
    event.state, event.reason = DISPATCHED, None


def hold(event: InboxEvent, reason: str) -> None:
    """Keep the event until a Dag takes it."""
    event.state, event.reason, event.attempts = HELD, reason, 0


def quarantine(event: InboxEvent, reason: str) -> None:
    """Keep the event for a person to look at."""
    event.state, event.reason = QUARANTINED, reason


def fail(event: InboxEvent, reason: str) -> None:
    """Keep the event for a person to look at: its jobs have no more tries."""
    event.state, event.reason = FAILED, reason


def postpone(event: InboxEvent, reason: str, now: datetime, delay: timedelta) -> None:
    """Let the dispatcher try again after ``delay``."""
    event.due_at, event.reason = now + delay, reason


def held_candidates(connection: Connection) -> list[tuple[str, ...]]:
    """Return the distinct candidate lists of held events, by one index seek each."""
    held = InboxEvent.state == HELD
    first = (
        select(func.min(InboxEvent.candidates).label("candidates")).where(held).cte("kinds", recursive=True)
    )
    following = (
        select(func.min(InboxEvent.candidates))
        .where(held, InboxEvent.candidates > first.c.candidates)
        .scalar_subquery()
    )
    kinds = first.union_all(select(following).where(first.c.candidates.is_not(None)))
    rows = connection.execute(select(kinds.c.candidates).where(kinds.c.candidates.is_not(None)))
    return [tuple(json.loads(text)) for (text,) in rows]


def release(
    session: Session, candidates: Sequence[str], now: datetime, *, limit: int, only_run_paused: bool
) -> int:
    """Hand held events back to the dispatcher, oldest first.

    :param only_run_paused: leave those that wait for their Dag to be unpaused.
    :returns: how many, at most ``limit``.
    """
    oldest = (
        select(InboxEvent.seq)
        .where(InboxEvent.state == HELD, InboxEvent.candidates == json.dumps(list(candidates)))
        .order_by(InboxEvent.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if only_run_paused:
        oldest = oldest.where(InboxEvent.run_paused)
    statement = (
        update(InboxEvent)
        .where(InboxEvent.seq.in_(session.scalars(oldest).all()))
        .values(state=PENDING, due_at=now, reason=None)
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(statement)
    return int(result.rowcount)


def recent(connection: Connection, *, limit: int, state: str | None = None, source: str | None = None) -> Any:
    """Return the newest events as rows, without their bodies."""
    table = InboxEvent.__table__
    query = select(*(column for column in table.c if column.name != "body"))
    if state:
        query = query.where(InboxEvent.state == state)
    if source:
        query = query.where(InboxEvent.source == source)
    return connection.execute(query.order_by(InboxEvent.seq.desc()).limit(limit)).all()


def by_id(connection: Connection, event_id: str) -> Any:
    """Return the rows of every source's event with this id, newest first."""
    table = InboxEvent.__table__
    return connection.execute(
        select(table).where(InboxEvent.event_id == event_id).order_by(InboxEvent.seq.desc()).limit(20)
    ).all()


def mentions(connection: Connection, source: str, event_id: str, text: str) -> bool:
    """Tell whether the event is stored with ``text`` in its body."""
    query = select(InboxEvent.seq).where(
        InboxEvent.source == source,
        InboxEvent.event_id == event_id,
        InboxEvent.body.contains(text, autoescape=True),
    )
    return connection.execute(query).first() is not None


def counts(connection: Connection) -> dict[str, int]:
    """Return how many events are in each state that wants attention."""
    query = (
        select(InboxEvent.state, func.count())
        .where(InboxEvent.state.in_((PENDING, HELD, QUARANTINED, FAILED)))
        .group_by(InboxEvent.state)
    )
    return {state: number for state, number in connection.execute(query)}  # noqa: C416  rows are no pairs to mypy
