"""A job that a person holds stays where it is, whatever its Dag could do, until somebody releases it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import timezone
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.jobs import holding
from hookline.jobs.holding import Wrong
from hookline.jobs.models import Job
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, carried, end_runs, event, job, later, send

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Dispatching:
    event_dags.empty()
    return Dispatching()


def hold(event_id: str) -> None:
    with Session(engine()) as session, session.begin():
        holding.hold(session, job(event_id).seq, "ada", timezone.utcnow())


def release(event_id: str) -> None:
    with Session(engine()) as session, session.begin():
        holding.release(session, job(event_id).seq, timezone.utcnow())


def change(**values: Any) -> None:
    with engine().begin() as connection:
        connection.execute(update(Job).values(**values))


def test_a_dag_that_can_run_again_does_not_release_it(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    hold("1")
    event_dags.set_paused("shop.paid", False)
    for _ in range(2):
        dispatcher.release()
        dispatcher.all()

    assert (job("1").state, job("1").reason, carried()) == ("held", "ada holds it.", [])
    assert event("1").state == "dispatched"  # it is decided, and asked about no more
    release("1")
    dispatcher.all()
    assert (carried(), job("1").state, job("1").held_by) == (["1"], "done", None)
    assert (event("1").state, event("1").run_id) == ("dispatched", job("1").run_id)


def test_one_whose_dag_cannot_run_is_held_again_by_that(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    hold("1")
    release("1")
    dispatcher.all()

    assert (job("1").state, job("1").held_by) == ("held", None)
    assert job("1").reason == "The Dag `shop.paid` is paused."
    event_dags.set_paused("shop.paid", False)
    dispatcher.release()
    dispatcher.all()
    assert carried() == ["1"]


def test_what_was_to_be_tried_again_is_not_tried(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    change(state="pending", run_paused=True)
    hold("1")
    dispatcher.all()
    assert carried() == []
    release("1")
    dispatcher.all()
    assert carried() == ["1"]


@pytest.mark.parametrize(
    ("options", "others", "alone"),
    [({"batch": 2, "within": MINUTE}, ["2", "3"], ["1"]), ({"debounce": MINUTE}, "3", "1")],
    ids=["batch", "debounce"],
)
def test_the_others_of_its_batch_go_without_it(
    dispatcher: Dispatching, options: dict[str, Any], others: Any, alone: Any
) -> None:
    event_dags.write("shop.paid", **options)
    send("1")
    dispatcher.all()
    hold("1")
    send("2")
    send("3")
    dispatcher.all()
    later(61)
    dispatcher.all()
    assert carried() == [others]
    assert job("1").state == "held"
    release("1")
    dispatcher.all()
    later(61)
    dispatcher.all()
    assert carried() == [others, alone]


def test_it_keeps_its_place_in_an_order(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="data.customer")
    send("1", {"customer": "a"})
    dispatcher.all()
    send("2", {"customer": "a"})
    send("3", {"customer": "a"})
    dispatcher.all()
    hold("2")
    end_runs()
    dispatcher.all()
    assert carried() == ["1"]
    release("2")
    dispatcher.all()
    end_runs()
    dispatcher.all()
    assert carried() == ["1", "2", "3"]


def test_one_that_shares_its_run_is_not_taken_out_of_it(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", batch=2, within=MINUTE)
    send("1")
    dispatcher.all()
    send("2")
    dispatcher.all()
    change(state="pending", due_at=timezone.utcnow() + MINUTE)

    with pytest.raises(Wrong, match="is part of the run"):
        hold("1")


@pytest.mark.parametrize(
    ("how", "says"), [(hold, "only what has not gone out"), (release, "only what is held")]
)
def test_what_has_gone_out_is_neither_held_nor_released(dispatcher: Dispatching, how: Any, says: str) -> None:
    event_dags.write("shop.paid")
    send("1")
    dispatcher.all()

    with pytest.raises(Wrong, match=f"is done; {says}"):
        how("1")


def test_it_is_held_by_one_person(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    hold("1")

    with pytest.raises(Wrong, match="held by ada already"):
        hold("1")
