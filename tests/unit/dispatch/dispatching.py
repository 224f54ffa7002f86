"""A dispatcher on one thread, and what it has made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.sdk import timezone
from airflow.utils.state import DagRunState
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import batch, gather, holds, pending
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.inbox.models import InboxEvent
from hookline.jobs.models import Job
from tests.unit.inbox.events import accepted, write


class Dispatching:
    """What :class:`hookline.dispatch.loop.Dispatcher` does, as often as there is something to do."""

    def __init__(self) -> None:
        self.router = Router(EventDags())

    @property
    def dags(self) -> EventDags:
        return self.router.dags

    def all(self) -> None:
        while batch.dispatch(self.router) + self.gather() + pending.go(self.dags, self.router.runs):
            pass

    def notice(self) -> None:
        """Let the second have passed for which the list of Dags may be old."""
        self.dags.marks._until = 0.0

    def gather(self) -> int:
        touched, self.router.touched = self.router.touched, set()
        return gather.close(self.dags, touched)

    def release(self) -> int:
        self.notice()
        return holds.release(self.dags)


def send(
    event_id: str,
    data: Any = None,
    *,
    name: str = "shop.paid",
    arrived: datetime | None = None,
    **changed: Any,
) -> None:
    """Store one event."""
    event = {"id": event_id, "source": "shop", "type": "paid", "data": {} if data is None else data}
    event |= {"hookline": {"path": "/hooks/in/shop/paid"}}
    event |= changed.pop("event", {})
    fields = {"event_type": "paid", "candidates": (name, "shop"), "body": json.dumps(event), **changed}
    received = arrived or timezone.utcnow()
    assert write([accepted(event_id, received_at=received, **fields)]) == [True]


def jobs() -> list[tuple[str, str, str]]:
    """Return event id, target and state of each job, in their order."""
    with engine().connect() as connection:
        query = select(Job.event_id, Job.target, Job.state).order_by(Job.seq)
        return [tuple(row) for row in connection.execute(query)]


def job(event_id: str, target: str = "shop.paid") -> Any:
    """Return one job."""
    with engine().connect() as connection:
        query = select(Job.__table__).where(Job.event_id == event_id, Job.target == target)
        return connection.execute(query.order_by(Job.seq.desc())).first()


def event(event_id: str) -> Any:
    """Return an event's row."""
    with engine().connect() as connection:
        return connection.execute(select(InboxEvent.__table__).where(InboxEvent.event_id == event_id)).one()


def runs(dag_id: str = "shop.paid") -> list[DagRun]:
    """Return the runs of a Dag, the first to be made first."""
    with Session(engine()) as session:
        return list(session.scalars(select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.id)))


def count_runs(dag_id: str = "shop.paid") -> int:
    """Return how many runs a Dag has."""
    with engine().connect() as connection:
        return connection.scalar(select(func.count()).where(DagRun.dag_id == dag_id)) or 0


def carried(dag_id: str = "shop.paid") -> list[Any]:
    """Return for each run of a Dag the ids of its events."""
    found: list[Any] = []
    for run in runs(dag_id):
        conf: Any = run.conf
        found.append([one["id"] for one in conf["data"]] if isinstance(conf["data"], list) else conf["id"])
    return found


def end_runs(state: DagRunState = DagRunState.SUCCESS, only: Sequence[str] | None = None) -> None:
    """End the runs that have not ended."""
    with engine().begin() as connection:
        statement = update(DagRun.__table__).where(DagRun.state == DagRunState.QUEUED).values(state=state)
        connection.execute(statement if only is None else statement.where(DagRun.run_id.in_(only)))


def delete_runs() -> None:
    """Delete all runs, as a person may."""
    with Session(engine()) as session, session.begin():
        session.execute(delete(DagRun))


def later(seconds: float) -> None:
    """Let so much time have passed for what waits."""
    gone = timedelta(seconds=seconds)
    with Session(engine()) as session, session.begin():
        for one in session.scalars(select(Job)):
            one.received_at, one.due_at = one.received_at - gone, one.due_at - gone
