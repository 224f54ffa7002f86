"""How much came, went, failed and waits, by the hour: numbers for a plot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from airflow.utils.sqlalchemy import UtcDateTime
from pydantic import BaseModel
from sqlalchemy import func, literal, select, true, union_all

from hookline.inbox.models import GIVEN_UP, HELD, InboxEvent
from hookline.jobs import models as jobs
from hookline.jobs.models import Job
from hookline.outbox import models as outbox
from hookline.outbox.models import Delivery

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from hookline.api.access import Sight

HOURS = 24
COUNTED = 5000
"""Rows of an hour, and of a kind of trouble, that are counted: more is "many" to whoever looks."""
HOUR = timedelta(hours=1)
CLOCKS = HOUR
"""How far the clocks of replicas may differ before a row is in no hour."""
END = 2**62


class Hour(BaseModel):
    """One hour of a series."""

    hour: datetime
    """When it began."""
    count: int


class Series(BaseModel):
    """One number an hour, oldest first; the last hour has not ended."""

    name: Literal["events", "runs", "deliveries", "failures", "holds"]
    title: str
    hours: list[Hour]
    capped: bool
    """Whether an hour had more of a kind than the 5,000 that are counted."""


class _Part(NamedTuple):
    """Rows that count for a series.

    :param at: when they came.
    :param number: their number, where they are few of a state: states are indexed by it, and it grows with
        time.
    """

    at: Any
    conditions: tuple[ColumnElement[bool], ...]
    number: Any = None

    def of(self, hour: Any) -> Any:
        """Return the query of how many came in an hour, counted up to 5,000."""
        wanted = [self.at >= hour.c.begins, self.at < hour.c.ends, *self.conditions]
        if self.number is not None:
            wanted.append(self.number >= self._first_since(hour, hour.c.early))
            wanted.append(self.number <= func.coalesce(self._first_since(hour, hour.c.late), END))
        some = select(self.at).where(*wanted).limit(COUNTED).correlate(hour).subquery()
        return select(func.count()).select_from(some).correlate(hour).scalar_subquery()

    def _first_since(self, hour: Any, moment: Any) -> Any:
        later = select(self.number).where(self.at >= moment).order_by(self.at).limit(1)
        return later.correlate(hour).scalar_subquery()


class _Kind(NamedTuple):
    name: Any
    title: str
    parts: tuple[_Part, ...]


def read(session: Session, seen: Sight, now: datetime) -> list[Series]:
    """Return the series of the last 24 hours; what failed and waits is in the hour in which it came."""
    start = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    begins = [start + place * HOUR for place in range(HOURS)]
    hour = _hours(begins)
    kinds = _kinds(seen)
    counts = [part.of(hour) for kind in kinds for part in kind.parts]
    rows = session.execute(select(*counts).select_from(hour).order_by(hour.c.begins)).all()
    columns = iter(zip(*rows, strict=True))
    return [_series(kind, begins, [next(columns) for _ in kind.parts]) for kind in kinds]


def own(seen: Sight) -> ColumnElement[bool]:
    """Return the condition on messages that may be seen."""
    return true() if seen.everything else Delivery.dag_id.concat("").in_(seen.dags)


def _hours(begins: list[datetime]) -> Any:
    def row(**moments: datetime) -> Any:
        return select(*(literal(moment, UtcDateTime()).label(name) for name, moment in moments.items()))

    rows = (row(begins=one, ends=one + HOUR, early=one - CLOCKS, late=one + HOUR + CLOCKS) for one in begins)
    return union_all(*rows).subquery("hour")


def _kinds(seen: Sight) -> list[_Kind]:
    # Not the plain columns: a reader of many Dags is no reason to leave the index by time for that by Dag.
    events = seen.of_dags(InboxEvent.dag_id.concat(""), InboxEvent.source)
    works = seen.of_dags(Job.dag_id.concat(""), Job.source)
    sent = own(seen)

    def event(*state: Any) -> _Part:
        return _Part(InboxEvent.received_at, (*state, events))

    def job(state: str) -> _Part:
        return _Part(Job.created_at, (Job.state == state, works), Job.seq)

    def message(state: str) -> _Part:
        return _Part(Delivery.added_at, (Delivery.state == state, sent), Delivery.seq)

    return [
        _Kind("events", "Events received", (event(),)),
        _Kind(
            "runs",
            "Runs started and tasks woken",
            (_Part(Job.created_at, (Job.state == jobs.DONE, works)),),
        ),
        _Kind("deliveries", "Messages for other systems", (_Part(Delivery.added_at, (sent,)),)),
        _Kind(
            "failures",
            "Failures: events that do not fit, refused jobs, messages that could not be delivered",
            (
                *(event(InboxEvent.state == state) for state in GIVEN_UP),
                *(job(state) for state in (jobs.REFUSED, jobs.FAILED)),
                message(outbox.DEAD),
            ),
        ),
        _Kind(
            "holds",
            "Held: events, jobs and messages that wait",
            (event(InboxEvent.state == HELD), job(jobs.HELD), message(outbox.HELD)),
        ),
    ]


def _series(kind: _Kind, begins: list[datetime], parts: list[Any]) -> Series:
    return Series(
        name=kind.name,
        title=kind.title,
        hours=[Hour(hour=hour, count=sum(counts)) for hour, *counts in zip(begins, *parts, strict=True)],
        capped=any(count >= COUNTED for counts in parts for count in counts),
    )
