"""Events that ran, in the tables of both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch.dags import EventDags
from hookline.inbox.models import InboxEvent
from hookline.jobs.models import DONE, RUN, Job
from hookline.replay import carry, store
from hookline.replay.models import Replay, ReplayItem
from hookline.replay.selection import Rights, Selection, select_items

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
DAG = "shop.order.paid"
BODY = '{"id": "%s", "hookline": {"path": "/hooks/in/shop", "headers": {}}, "data": {"total": 1.50}}'


@pytest.fixture(autouse=True)
def emptied(metadata: str) -> Iterator[None]:
    yield
    with engine().begin() as connection:
        for table in (ReplayItem, Replay, Job, InboxEvent):
            connection.execute(delete(table))


def ran(count: int, **changes: Any) -> None:
    """Put events into the inbox, and the jobs that ran them."""
    with engine().begin() as connection:
        first = connection.scalar(select(func.max(InboxEvent.seq))) or 0
        same = {"source": "shop", "event_type": "order.paid", "attempts": 1, "dag_id": DAG}
        times = {"received_at": NOON, "due_at": NOON}
        events = [
            {
                **same,
                **times,
                "seq": first + number,
                "event_id": f"e{first + number}",
                "candidates": f'["{DAG}"]',
                "run_paused": False,
                "body": BODY % f"e{first + number}",
                "state": "dispatched",
                "run_id": f"webhook__shop__e{first + number}",
                **changes,
            }
            for number in range(1, count + 1)
        ]
        connection.execute(insert(InboxEvent), events)
        jobs = [
            {
                **same,
                **times,
                "event_seq": event["seq"],
                "event_id": event["event_id"],
                "run_id": event["run_id"],
                "kind": RUN,
                "target": DAG,
                "state": DONE,
                "created_at": NOON,
                "updated_at": NOON,
            }
            for event in events
        ]
        connection.execute(insert(Job), jobs)


Plan = Callable[..., Replay]


@pytest.fixture
def plan() -> Plan:
    """Plan a replay, and start it unless told otherwise."""
    dags = EventDags()

    def planned(
        wanted: Selection, *, started: bool = True, rate: int = 1000, data: str | None = None
    ) -> Replay:
        now = datetime.now(UTC)
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            selected = select_items(session, dags, wanted, Rights())
            options = {"rate": rate, "user": "somebody", "data": data, "now": now}
            replay = store.plan(session, wanted, selected, **options)
            return store.start(session, replay.seq, replay.total, now) if started else replay

    return planned


def due() -> None:
    """Let time pass until what is running is due."""
    with Session(engine()) as session, session.begin():
        for replay in session.scalars(select(Replay)):
            replay.due_at -= timedelta(minutes=1)


def carried_out() -> int:
    """Carry out what is running; return how many pages it took."""
    pages = 0
    due()
    while carry.go():
        pages += 1
        due()
    return pages


def replays_of(number: int) -> list[Job]:
    """Return the jobs of a replay, oldest first."""
    ending = f"%~r{number}"
    with Session(engine()) as session:
        return list(session.scalars(select(Job).where(Job.run_id.like(ending)).order_by(Job.seq)))


def state(number: int) -> Replay:
    """Return a replay as it is now."""
    with autocommit() as connection, Session(connection) as session:  # waits for no writer
        found = session.get(Replay, number)
        assert found is not None
        return found
