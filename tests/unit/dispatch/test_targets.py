"""One event, many targets: who gets it, and that none takes another along."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.models.asset import AssetEvent
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import Asset
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox import store as inbox
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, event, job, jobs, runs, send

BIG = {"type": "object", "properties": {"total": {"type": "integer", "minimum": 100}}}


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Dispatching:
    event_dags.empty()
    return Dispatching()


def subscribe(name: str = "audit", **options: Any) -> None:
    event_dags.write(name, **{"source": "shop", **options})


def test_a_dag_and_its_subscribers_each_get_a_run(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    subscribe("audit")
    subscribe("books", types=["pa*"])
    send("1", {"total": 5})
    dispatcher.all()
    assert jobs() == [("1", "shop.paid", "done"), ("1", "audit", "done"), ("1", "books", "done")]
    assert [run.conf["data"] for name in ("shop.paid", "audit", "books") for run in runs(name)] == [
        {"total": 5}
    ] * 3
    assert (event("1").state, event("1").dag_id) == ("dispatched", "shop.paid")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, True),
        ({"types": ["*"]}, True),
        ({"types": ["refunded", "paid"]}, True),
        ({"types": ["p*d"]}, True),
        ({"types": ["PAID"]}, False),
        ({"types": ["pai"]}, False),
        ({"types": ["p[a]id"]}, False),
        ({"source": "other"}, False),
        ({"when": "data.total > `10`"}, True),
        ({"when": "data.total > `11`"}, False),
        ({"when": "type == 'paid'"}, True),
        ({"when": "data.lines"}, False),
        ({"when": "data.total"}, True),
        ({"when": "sum(data)"}, False),
    ],
    ids=str,
)
def test_a_subscription_is_for_what_it_says(
    dispatcher: Dispatching, options: dict[str, Any], wanted: bool
) -> None:
    subscribe(**options)
    send("1", {"total": 11, "lines": []})
    dispatcher.all()
    assert len(runs("audit")) == wanted
    assert event("1").state == ("dispatched" if wanted else "held")


def test_a_subscriber_alone_is_enough(dispatcher: Dispatching) -> None:
    subscribe()
    send("1")
    dispatcher.all()
    assert (event("1").state, event("1").dag_id) == ("dispatched", "audit")


def test_one_that_is_paused_waits_alone_and_goes_out_by_itself(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    subscribe()
    event_dags.pause("audit")
    send("1")
    dispatcher.all()
    assert jobs() == [("1", "shop.paid", "done"), ("1", "audit", "held")]
    assert job("1", "audit").reason == "The Dag `audit` is paused."
    assert dispatcher.release() == 0
    event_dags.set_paused("audit", False)
    assert dispatcher.release() == 1
    dispatcher.all()
    assert len(runs("audit")) == len(runs("shop.paid")) == 1
    assert job("1", "audit").state == "done"


def test_an_event_of_which_all_waits_is_held_and_released_once(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    assert (event("1").state, event("1").reason) == ("held", "The Dag `shop.paid` is paused.")
    event_dags.set_paused("shop.paid", False)
    dispatcher.release()
    dispatcher.all()
    assert jobs() == [("1", "shop.paid", "done")]
    assert len(runs()) == 1
    assert event("1").run_id == runs()[0].run_id


def test_a_source_may_say_that_pausing_does_not_matter(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1", run_paused=True)
    dispatcher.all()
    assert len(runs()) == 1


def test_one_that_refuses_takes_no_other_along(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", BIG)
    subscribe()
    send("1", {"total": 5})
    send("2", {"total": 500})
    dispatcher.all()
    assert [run.conf["id"] for run in runs()] == ["2"]
    assert [run.conf["id"] for run in runs("audit")] == ["1", "2"]
    assert job("1").state == "refused"
    assert job("1").reason.startswith("Airflow refused it: Invalid input for param data")
    assert (event("1").state, event("1").dag_id) == ("dispatched", "audit")


def test_an_event_that_its_only_dag_refuses_is_quarantined(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", BIG)
    send("1", {"total": 5})
    dispatcher.all()
    assert (event("1").state, job("1").state) == ("quarantined", "refused")


@pytest.mark.parametrize("data", [{"n": 2**64}, {"n": 1e300}, {"text": "a\0b"}], ids=["int", "float", "nul"])
def test_what_airflow_cannot_carry_takes_no_other_along(
    dispatcher: Dispatching, data: Any, metadata: str
) -> None:
    event_dags.write("shop.paid")
    send("1", data)
    send("2")
    dispatcher.all()
    assert job("2").state == "done"
    if "text" not in data or metadata == "postgresql":  # SQLite keeps a NUL
        assert (job("1").state, event("1").state) == ("refused", "quarantined")


def test_two_dags_that_both_say_also_both_run(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", also=True)
    event_dags.write("shop.paid", also=True, dag_id="paid_audit")
    send("1")
    dispatcher.all()
    assert jobs() == [("1", "shop.paid", "done"), ("1", "paid_audit", "done")]


def test_two_dags_of_which_one_does_not_say_also_wait_with_both_files_named(
    dispatcher: Dispatching,
) -> None:
    event_dags.write("shop.paid")
    event_dags.write("shop.paid", also=True, dag_id="paid_audit")
    send("1")
    dispatcher.all()
    assert event("1").reason == (
        "`shop.paid` in shop.paid.py and `paid_audit` in paid_audit.py claim the event `shop.paid`:"
        " let each say also=True, or remove one."
    )
    assert {state for _, _, state in jobs()} == {"held"}
    assert dispatcher.release() == 0
    event_dags.write("shop.paid", also=True)
    assert dispatcher.release()
    dispatcher.all()
    assert len(runs()) == len(runs("paid_audit")) == 1


@pytest.mark.parametrize(
    "options", [{"name": "shop.paid", "also": True, "dag_id": "late"}, {"name": "late", "source": "shop"}]
)
def test_a_dag_that_was_there_before_an_event_never_misses_it(
    dispatcher: Dispatching, options: dict[str, Any]
) -> None:
    event_dags.write("shop.paid", also=True)
    send("1")
    dispatcher.all()
    event_dags.write(**options)
    send("2")
    dispatcher.all()
    assert [run.conf["id"] for run in runs("late")] == ["2"]


def test_a_dag_that_claims_an_event_under_another_id_is_enough(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", also=True, dag_id="paid_audit")
    send("1")
    dispatcher.all()
    assert jobs() == [("1", "paid_audit", "done")]


def test_a_dag_that_subscribes_does_not_answer_to_its_name(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", source="other")
    send("1")
    dispatcher.all()
    assert event("1").state == "held"


def test_a_new_version_of_a_subscription_counts_at_once(dispatcher: Dispatching) -> None:
    subscribe(types=["refunded"])
    send("1")
    dispatcher.all()
    subscribe(types=["paid"])
    send("2")
    dispatcher.all()
    assert [run.conf["id"] for run in runs("audit")] == ["2"]


def test_an_event_that_is_looked_at_again_starts_nothing_twice(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    subscribe()
    send("1")
    dispatcher.all()
    with Session(engine()) as session, session.begin():
        (row,) = session.scalars(select(inbox.InboxEvent))
        row.state = "pending"
    dispatcher.all()
    assert len(jobs()) == 2
    assert len(runs()) == len(runs("audit")) == 1
    assert event("1").run_id == runs()[0].run_id


def test_a_run_says_which_event_it_is_of(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    send("a`b")
    dispatcher.all()
    number = job("a`b").seq
    with Session(engine()) as session:
        (run,) = session.scalars(select(DagRun))
        note = run.note
    assert note == (
        f"Event `paid` of the source `shop`, id `a?b`: job {number}."
        f" See `airflow hookline jobs show {number}`."
    )


def test_many_events_make_whole_runs(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    for number in range(20):
        send(str(number), {"n": number})
    dispatcher.all()
    assert [run.conf["data"]["n"] for run in runs()] == list(range(20))
    with Session(engine()) as session:
        tasks = session.scalars(select(TaskInstance)).all()
        assert len(tasks) == 20
        assert all(task.dag_version_id and task.state is None for task in tasks)
    (first, *_) = runs()
    assert (first.triggering_user_name, first.run_type, first.state) == ("webhook shop", "manual", "queued")
    assert first.created_dag_version_id
    assert job("0").url == "/hooks/in/shop/paid"


def on_asset(name: str, uri: str) -> None:
    """Write a Dag that is scheduled on an asset, as the dag-processor does."""
    from airflow.dag_processing.collection import AssetModelOperation, DagModelOperation  # noqa: F401
    from airflow.models.asset import AssetActive, AssetModel, DagScheduleAssetReference

    event_dags.write(name)
    with Session(engine()) as session, session.begin():
        asset = AssetModel(name=uri, uri=uri)
        session.add(asset)
        session.flush()
        session.add(AssetActive.for_asset(asset))
        session.add(DagScheduleAssetReference(dag_id=name, asset_id=asset.id))
        assert session.get(DagModel, name)


def test_an_event_updates_the_asset_that_a_dag_is_scheduled_on(dispatcher: Dispatching) -> None:
    uri = Asset("hookline://shop/paid").uri
    assert uri == "hookline://shop/paid"
    on_asset("shop.other", uri)
    send("1", {"total": 5})
    dispatcher.all()
    assert jobs() == [("1", uri, "done")]
    assert (event("1").state, event("1").run_id) == ("dispatched", None)
    with Session(engine()) as session:
        (made,) = session.scalars(select(AssetEvent))
        assert made.extra == {"id": "1", "source": "shop", "type": "paid", "data": {"total": 5}}


def test_an_asset_that_no_dag_is_scheduled_on_is_left_alone(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    on_asset("shop.other", "hookline://shop/refunded")
    send("1")
    dispatcher.all()
    assert jobs() == [("1", "shop.paid", "done")]
