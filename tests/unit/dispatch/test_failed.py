"""What has no try left has an end: it can be seen, asked for, and done again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
from airflow.serialization.definitions.dag import SerializedDAG
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import outcomes, pending
from hookline.dispatch.runs import MAX_ATTEMPTS
from hookline.jobs.models import Job
from hookline.replay import carry, store
from hookline.replay.models import Replay, ReplayItem
from hookline.replay.selection import Rights, Selection, select_items
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, carried, event, job, later, runs, send
from tests.unit.inbox.events import accepted, write


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Iterator[Dispatching]:
    event_dags.empty()
    event_dags.write("shop.paid")
    yield Dispatching()
    with engine().begin() as connection:
        connection.execute(delete(ReplayItem))
        connection.execute(delete(Replay))


@pytest.fixture
def failed(dispatcher: Dispatching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each try go wrong that a job has; after that all goes well."""
    tries = []

    def fault(*_: Any, **__: Any) -> NoReturn:
        tries.append(1)
        raise RuntimeError("a listener's fault")

    monkeypatch.setattr(SerializedDAG, "create_dagrun", fault)
    send("1")
    for _ in range(MAX_ATTEMPTS + 1):
        dispatcher.all()
        later(11)
    assert len(tries) == MAX_ATTEMPTS
    monkeypatch.undo()


@pytest.mark.usefixtures("failed")
def test_a_job_without_a_try_left_is_failed_and_says_why() -> None:
    assert (job("1").state, job("1").attempts) == ("failed", MAX_ATTEMPTS)
    assert job("1").reason == "Airflow refused it: a listener's fault"
    assert (event("1").state, event("1").reason) == ("failed", job("1").reason)
    assert outcomes.look([("shop", "1")], True)["shop", "1"].status == "given_up"


@pytest.mark.usefixtures("failed")
def test_sent_again_it_is_tried_anew(dispatcher: Dispatching) -> None:
    assert write([accepted("1", candidates=("shop.paid",), body='{"id": "1", "data": {}}')]) == [True]
    dispatcher.all()
    assert (job("1").state, event("1").state) == ("done", "dispatched")
    assert carried() == ["1"]


@pytest.mark.usefixtures("failed")
def test_it_can_be_replayed(dispatcher: Dispatching) -> None:
    replay(dispatcher, Selection(job=job("1").seq))
    assert [run.run_id for run in runs()] == [job("1").run_id]
    assert job("1").state == "done"
    assert job("1").origin_seq is not None


def test_one_that_ended_its_process_too_often_tells_its_event(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="subject")
    send("1")
    send("2")
    dispatcher.all()
    with engine().begin() as connection:
        values = {"state": "pending", "attempts": MAX_ATTEMPTS, "run_id": None}
        connection.execute(update(Job).where(Job.event_id == "2").values(values))
    pending.go(dispatcher.dags, dispatcher.router.runs)
    assert (job("2").state, job("2").reason) == ("failed", pending.FATAL)
    assert (event("2").state, event("2").reason) == ("failed", pending.FATAL)


def test_one_of_two_that_failed_leaves_the_event_with_the_other(
    dispatcher: Dispatching,
) -> None:
    event_dags.write("audit", source="shop")
    send("1")
    dispatcher.all()
    with engine().begin() as connection:
        values = {"state": "pending", "attempts": MAX_ATTEMPTS, "run_id": None}
        connection.execute(update(Job).where(Job.target == "audit").values(values))
    pending.go(dispatcher.dags, dispatcher.router.runs)
    assert (job("1", "audit").state, event("1").state) == ("failed", "dispatched")


def test_what_was_held_and_ran_with_other_data_is_not_held_any_more(dispatcher: Dispatching) -> None:
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    replay(dispatcher, Selection(job=job("1").seq), data='{"n": 2}')
    assert [run.conf["data"] for run in runs()] == [{"n": 2}]
    event_dags.set_paused("shop.paid", False)
    assert dispatcher.release() == 0
    assert event("1").state == "dispatched"
    assert len(runs()) == 1


def replay(dispatcher: Dispatching, wanted: Selection, data: str | None = None) -> None:
    """Carry out a replay, and let its jobs out."""
    now = datetime.now(UTC)
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        selected = select_items(session, dispatcher.dags, wanted, Rights())
        planned = store.plan(session, wanted, selected, data=data, rate=10, user="somebody", now=now)
        store.start(session, planned.seq, planned.total, now)
    assert carry.go()
    dispatcher.all()
