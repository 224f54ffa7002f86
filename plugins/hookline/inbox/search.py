"""Looking events up for people: filters, each on an index, newest first."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, true

from hookline.inbox.models import FAILED, HELD, PENDING, QUARANTINED, InboxEvent
from hookline.orm import names

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Row, Select
    from sqlalchemy.orm import Session

COUNTED = 10_000
WAITING = (HELD, QUARANTINED, FAILED)
SCANNED = 2000
"""Events of which one page of a search for text reads the data."""
SUMMARY = [column for column in InboxEvent.__table__.c if column.name not in ("body", "replay_key")]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events; what is None is not asked for.

    :param since: received at this time or later.
    :param until: received before this time.
    :param text: in the event as it is kept, whatever the case of its letters.
    """

    source: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    state: str | None = None
    dag_id: str | None = None
    run_id: str | None = None
    correlation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    def condition(self) -> ColumnElement[bool]:
        """Return all but ``text`` as a condition."""
        event = InboxEvent
        equal = [
            getattr(event, name) == value
            for name in ("source", "event_id", "event_type", "state", "dag_id", "run_id", "correlation")
            if (value := getattr(self, name)) is not None
        ]
        if self.since is not None:
            equal.append(event.received_at >= self.since)
        if self.until is not None:
            equal.append(event.received_at < self.until)
        return and_(true(), *equal)

    def has_text(self) -> ColumnElement[bool]:
        """Return ``text`` as a condition on the data; how JSON writes it is found as well."""
        text = self.text or ""
        forms = dict.fromkeys([text, json.dumps(text)[1:-1]])
        return or_(*(InboxEvent.body.icontains(form, autoescape=True) for form in forms))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of events.

    :param rows: without their data.
    :param last: the place of the last event that was looked at; None when there is none beyond.
    """

    rows: Sequence[Row[Any]]
    last: tuple[datetime, int] | None


def page(
    session: Session,
    wanted: Filter,
    visible: ColumnElement[bool],
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> Found:
    """Return the newest events that fit, those after a place.

    A search for text looks at 2,000 events at most; its page may be short, or empty, and still not the last.
    """
    event = InboxEvent
    query = select(*SUMMARY).where(wanted.condition(), visible)
    if after is not None:
        at, number = after
        query = query.where(event.received_at <= at, or_(event.received_at < at, event.seq < number))
    query = query.order_by(event.received_at.desc(), event.seq.desc())
    if wanted.text is None:
        return _plain(session, query, limit)
    return _searched(session, query, wanted, limit)


def _plain(session: Session, query: Select[Any], limit: int) -> Found:
    rows = session.execute(query.limit(limit + 1)).all()
    more = len(rows) > limit
    kept = rows[:limit]
    return Found(kept, _place(kept[-1]) if more else None)


def _searched(session: Session, query: Select[Any], wanted: Filter, limit: int) -> Found:
    places = session.execute(
        query.with_only_columns(InboxEvent.received_at, InboxEvent.seq).limit(SCANNED)
    ).all()
    if not places:
        return Found([], None)
    match = (
        select(*SUMMARY)
        .where(InboxEvent.seq.in_([number for _, number in places]), wanted.has_text())
        .order_by(InboxEvent.received_at.desc(), InboxEvent.seq.desc())
        .limit(limit)
    )
    rows = session.execute(match).all()
    if len(rows) == limit:
        return Found(rows, _place(rows[-1]))
    return Found(rows, _place(places[-1]) if len(places) == SCANNED else None)


def _place(row: Any) -> tuple[datetime, int]:
    return row.received_at, row.seq


def one(session: Session, number: int) -> InboxEvent | None:
    """Return an event with its data."""
    return session.get(InboxEvent, number)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a source did; counts go up to 10,000.

    :param waiting: events by state, without those that were dispatched.
    """

    last: datetime | None
    waiting: dict[str, int]
    recent: int


def activity(session: Session, sources: Collection[str], since: datetime) -> dict[str, Activity]:
    """Return what each source did, by its name.

    :param since: from when on events are recent.
    """
    if not sources:
        return {}
    # Among the oldest of all: no index has them by source, as each event is pending for a moment.
    oldest = (
        select(InboxEvent.source).where(InboxEvent.state == PENDING).order_by(InboxEvent.seq).limit(COUNTED)
    )
    source = oldest.subquery().c.source
    by_source = session.execute(select(source, func.count()).group_by(source))
    pending: dict[str, int] = {name: number for name, number in by_source}  # noqa: C416  rows are no pairs to mypy
    asked = names(sources)
    own = InboxEvent.source == asked.c.name
    last = select(InboxEvent.received_at).where(own).order_by(InboxEvent.received_at.desc()).limit(1)
    recent = _counted(asked, own, InboxEvent.received_at >= since)
    waiting = [_counted(asked, own, InboxEvent.state == state) for state in WAITING]
    rows = session.execute(select(asked.c.name, last.correlate(asked).scalar_subquery(), recent, *waiting))
    found = {}
    for name, at, lately, *numbers in rows:
        counts = {PENDING: pending.get(name, 0), **dict(zip(WAITING, numbers, strict=True))}
        found[name] = Activity(at, {state: count for state, count in counts.items() if count}, lately)
    return found


def _counted(asked: FromClause, *conditions: ColumnElement[bool]) -> Any:
    some = select(InboxEvent.seq).where(*conditions).limit(COUNTED).correlate(asked).subquery()
    return select(func.count()).select_from(some).correlate(asked).scalar_subquery()
