"""From an event over its replay to the second run."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.search import Filter
from hookline.replay.models import ORIGINAL
from hookline.replay.selection import Selection, Unselectable
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, send
from tests.unit.replay.conftest import Plan, carried_out, state

DAG = "shop.paid"
EVERY = Selection(events=Filter(source="shop"))


@pytest.fixture
def dispatching() -> Dispatching:
    event_dags.empty()
    return Dispatching()


def runs() -> list[Any]:
    with Session(engine()) as session:
        return list(session.scalars(select(DagRun).order_by(DagRun.id)))


def versioned(version: str) -> None:
    """Say that the newest version of the Dag came with this version of its bundle."""
    with Session(engine()) as session, session.begin():
        session.execute(update(DagModel).values(bundle_version=version))
        newest = session.scalar(select(DagVersion).order_by(DagVersion.version_number.desc()).limit(1))
        assert newest is not None
        newest.bundle_version = version


def test_an_event_runs_again_although_its_dag_is_paused(dispatching: Dispatching, plan: Plan) -> None:
    event_dags.write(DAG)
    send("e1", {"total": 1})
    dispatching.all()
    event_dags.pause(DAG)
    replay = plan(EVERY)
    carried_out()
    dispatching.all()

    first, second = runs()
    assert (first.run_id, second.run_id) == ("webhook__shop__e1", f"webhook__shop__e1~r{replay.seq}")
    assert first.conf["data"] == second.conf["data"]
    assert second.conf["hookline"]["replay"] == {"of": "e1", "replay": replay.seq}


def test_a_held_event_goes_to_the_dag_that_a_person_names(dispatching: Dispatching, plan: Plan) -> None:
    event_dags.write("shop.settled")
    send("e1")
    dispatching.all()
    plan(Selection(held=(DAG, "shop"), dag_id="shop.settled"))
    carried_out()
    dispatching.all()
    event_dags.write(DAG)
    dispatching.release()
    dispatching.all()

    assert [(run.dag_id, run.run_id) for run in runs()] == [("shop.settled", "webhook__shop__e1")]


def test_the_version_of_then_runs_where_the_bundle_keeps_it(dispatching: Dispatching, plan: Plan) -> None:
    event_dags.write(DAG)
    versioned("then")
    send("e1")
    dispatching.all()
    event_dags.write(DAG, sample={"another": "version"})
    versioned("now")
    plan(Selection(events=Filter(source="shop"), version=ORIGINAL))
    plan(EVERY)
    carried_out()
    dispatching.all()

    assert [run.bundle_version for run in runs()] == ["then", "then", "now"]
    with Session(engine()) as session:
        made = dict(session.execute(select(TaskInstance.run_id, TaskInstance.dag_version_id)).all())
    assert all(run.created_dag_version_id == made[run.run_id] for run in runs())


def test_without_a_version_of_then_nothing_is_planned(dispatching: Dispatching, plan: Plan) -> None:
    event_dags.write(DAG)
    send("e1")
    dispatching.all()

    with pytest.raises(Unselectable, match=f"not kept for `{DAG}`"):
        plan(Selection(events=Filter(source="shop"), version=ORIGINAL))


def test_a_version_that_is_gone_meanwhile_is_not_replaced_by_the_newest(
    dispatching: Dispatching, plan: Plan
) -> None:
    event_dags.write(DAG)
    versioned("then")
    send("e1")
    dispatching.all()
    replay = plan(Selection(events=Filter(source="shop"), version=ORIGINAL))
    with Session(engine()) as session, session.begin():
        session.execute(update(DagRun).values(bundle_version=None))
    carried_out()
    dispatching.all()

    assert len(runs()) == 1
    assert state(replay.seq).gone == 1
