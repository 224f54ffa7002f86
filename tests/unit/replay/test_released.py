"""What was held and is released, by hand or by itself, makes the runs that it would have made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.dag import DagModel
from airflow.sdk import timezone
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import batch, gather, holds
from hookline.inbox.search import Filter
from hookline.jobs import queue
from hookline.replay.selection import Selection
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, carried, end_runs, jobs, later, send
from tests.unit.replay.conftest import Plan, carried_out

DAG = "shop.paid"
BATCH: dict[str, Any] = {"batch": 3, "within": timedelta(minutes=1)}
ALL = Selection(events=Filter(source="shop"))
IDS = ["0", "1", "2"]


@pytest.fixture(autouse=True)
def dispatcher(emptied: None) -> Dispatching:
    event_dags.empty()
    return Dispatching()


def has_import_error(wrong: bool) -> None:
    with engine().begin() as connection:
        connection.execute(update(DagModel).where(DagModel.dag_id == DAG).values(has_import_errors=wrong))


def set_paused(paused: bool) -> None:
    event_dags.set_paused(DAG, paused)


def held(dispatcher: Dispatching, keep_back: Callable[[bool], None], **options: Any) -> None:
    event_dags.write(DAG, **options)
    keep_back(True)
    for event_id in IDS:
        send(event_id, event={"subject": "a"})
    dispatcher.all()
    assert [state for _, _, state in jobs()] == ["held"] * len(IDS)


@pytest.mark.parametrize("keep_back", [has_import_error, set_paused])
def test_an_order_is_one_after_its_dag_was_mended(
    dispatcher: Dispatching, keep_back: Callable[[bool], None]
) -> None:
    held(dispatcher, keep_back, order="subject")
    keep_back(False)
    send("3", event={"subject": "a"})
    for made in range(1, 5):
        dispatcher.all()  # the later event comes before the release
        dispatcher.release()
        dispatcher.all()
        assert carried() == [*IDS, "3"][:made]
        end_runs()


@pytest.mark.parametrize("keep_back", [has_import_error, set_paused])
def test_a_batch_is_whole_after_its_dag_was_mended(
    dispatcher: Dispatching, keep_back: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    held(dispatcher, keep_back, **BATCH)
    keep_back(False)
    later(61)
    monkeypatch.setattr(holds, "RELEASE", 2)
    for _ in range(2):
        dispatcher.release()
        dispatcher.all()
    assert carried() == [IDS]


@pytest.mark.parametrize(("options", "runs"), [({"order": "subject"}, ["0"]), (BATCH, [IDS])])
def test_what_a_person_releases_is_gathered_too(
    dispatcher: Dispatching, plan: Plan, options: dict[str, Any], runs: list[Any]
) -> None:
    held(dispatcher, set_paused, **options)
    plan(ALL)
    carried_out()
    dispatcher.all()
    assert carried() == runs


def test_of_a_batch_some_of_which_run_while_paused_none_is_lost(dispatcher: Dispatching) -> None:
    event_dags.write(DAG, **BATCH)
    for event_id in IDS:
        send(event_id, run_paused=event_id == "0")
    batch.dispatch(dispatcher.router)
    gather.close(dispatcher.dags, dispatcher.router.touched)
    for paused in (True, False):
        set_paused(paused)
        dispatcher.release()
        later(61)
        dispatcher.all()
    assert sorted(event_id for run in carried() for event_id in run) == IDS


@pytest.mark.parametrize("had_dag", [True, False])
def test_what_went_by_itself_after_the_plan_is_not_repeated(
    dispatcher: Dispatching, plan: Plan, had_dag: bool
) -> None:
    if had_dag:
        held(dispatcher, set_paused)
    else:
        for event_id in IDS:
            send(event_id)
        dispatcher.all()
        event_dags.write(DAG)
    plan(ALL)
    set_paused(False)
    dispatcher.release()
    dispatcher.all()
    carried_out()
    dispatcher.all()
    assert carried() == IDS


def test_a_key_that_is_never_quiet_keeps_no_other_waiting(dispatcher: Dispatching) -> None:
    event_dags.write(DAG, debounce=timedelta(minutes=1), key="data.id")
    now = timezone.utcnow()
    for event_id, age in (("0", 70), ("1", 20)):
        send(event_id, {"id": "a"}, arrived=now - timedelta(seconds=age))
    batch.dispatch(dispatcher.router)
    gather.close(dispatcher.dags)
    with Session(engine()) as session:
        assert queue.gathered(session, timezone.utcnow(), 1) == []
