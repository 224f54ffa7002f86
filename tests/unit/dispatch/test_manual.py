"""Runs that a person started are in the record, once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.sdk import timezone
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import manual
from hookline.dispatch.dags import EventDags
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, job, jobs, send


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    event_dags.empty()
    event_dags.write("shop.paid")


def trigger(run_id: str, conf: Any = None, dag_id: str = "shop.paid", **fields: Any) -> None:
    with Session(engine()) as session, session.begin():
        run = DagRun(
            dag_id=dag_id,
            run_id=run_id,
            run_type=fields.pop("run_type", DagRunType.MANUAL),
            run_after=timezone.utcnow(),
            conf=conf,
            state=DagRunState.QUEUED,
            triggering_user_name="ada",
        )
        session.add(run)


def record() -> int:
    return manual.record(EventDags())


def test_what_was_there_before_is_left_alone() -> None:
    trigger("old")
    assert record() == 0
    trigger("new", {"data": {"n": 1}})
    assert record() == 1
    assert jobs() == [("new", "shop.paid", "done")]


def test_a_manual_run_is_recorded_once_with_who_started_it() -> None:
    record()
    trigger("mine", {"data": {}})
    assert [record(), record()] == [1, 0]
    row = job("mine")
    assert (row.kind, row.source, row.event_type, row.run_id) == ("manual", "manual", "shop.paid", "mine")
    assert (row.reason, row.url, row.event_seq) == ("Started by ada.", None, None)


def test_a_manual_run_is_recorded_with_the_event_that_its_tasks_see() -> None:
    record()
    trigger("mine", {"data": {"n": 1}, "subject": "one"})
    record()
    event = json.loads(job("mine").body)
    assert event.pop("time")
    assert event == {
        "specversion": "1.0",
        "id": "mine",
        "source": "manual",
        "type": "shop.paid",
        "subject": "one",
        "data": {"n": 1},
    }


def test_an_event_s_own_run_is_no_manual_one() -> None:
    record()
    send("1")
    Dispatching().all()
    assert record() == 0


@pytest.mark.parametrize(
    "fields", [{"dag_id": "other"}, {"run_type": DagRunType.SCHEDULED}], ids=["no event Dag", "scheduled"]
)
def test_other_runs_are_none_of_ours(fields: dict[str, Any]) -> None:
    record()
    trigger("theirs", {"data": {}}, **fields)
    assert record() == 0


@pytest.mark.parametrize(
    "conf",
    [{"data": 1, "id": "x" * 999, "source": "y\n", "type": 7}, {"id": ["x"]}, None],
    ids=str,
)
def test_whatever_the_conf_says_is_recorded_within_bounds(conf: Any) -> None:
    record()
    trigger("odd", conf)
    assert record() == 1
    (name, _, _) = jobs()[0]
    assert len(name) <= 250
