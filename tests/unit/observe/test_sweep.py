"""What is seen is told once, whoever looks and however late; on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hookline.authoring import StepWebhook, step_webhooks
from hookline.database import engine
from hookline.observe import registry
from hookline.observe.models import Cursor, OpenRun, Seen
from hookline.observe.plans import Plans
from hookline.observe.sweep import Observer
from hookline.steps.transition import OF_RUNS, OF_STEPS
from tests.unit.observe import airflow_rows
from tests.unit.observe.conftest import Messages

ALL = StepWebhook(name="all", conn_id="erp", on=list(OF_STEPS))
RUNS = StepWebhook(name="runs", conn_id="erp", on=list(OF_RUNS))
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def orders(*webhooks: StepWebhook) -> None:
    """Write a Dag whose step `ship` has webhooks."""
    with DAG("orders", schedule=None) as dag:
        pay = BashOperator(task_id="pay", bash_command="true", retries=2)
        ship = BashOperator(task_id="ship", bash_command="true", retries=2)
        pay >> ship
        step_webhooks(ship, *(webhooks or (ALL,)))
        step_webhooks(dag, RUNS)
    airflow_rows.write(dag)


def told(messages: Messages) -> list[tuple[Any, ...]]:
    """Return what the outbox tells of steps."""
    return [(row["task_id"], row["try_number"], row["transition"]) for row in messages() if row["task_id"]]


def rewind(by: timedelta) -> None:
    """Let the last looks have been earlier."""
    with Session(engine()) as session, session.begin():
        cursor = session.get_one(Cursor, "steps")
        for name in ("thorough_at", "turned_at", "seen_to"):
            setattr(cursor, name, getattr(cursor, name) - by)


def test_a_step_is_told_of_from_begin_to_end(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    for state in ("scheduled", "queued", "running", "success"):
        airflow_rows.step(run, "ship", state, try_number=1)
        observer.look()
        observer.look()

    assert told(messages) == [("ship", 1, "created"), ("ship", 1, "completed")]
    assert {row["webhook"] for row in messages() if row["task_id"]} == {"all"}


def test_a_message_belongs_to_the_trace_of_its_run(observer: Observer, messages: Messages) -> None:
    orders(ALL, StepWebhook(name="own", conn_id="erp", on="completed", headers={"Traceparent": "mine"}))
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    observer.look()

    with Session(engine()) as session:
        carrier = session.get_one(DagRun, run).context_carrier
    sent = {row["webhook"]: json.loads(row["target"])["headers"] for row in messages() if row["task_id"]}
    assert sent == {"all": carrier, "own": {"Traceparent": "mine"}}
    assert set(carrier) == {"traceparent"}


def test_a_run_is_told_of(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    observer.look()
    airflow_rows.end(run, "success")
    observer.look()

    assert [(row["task_id"], row["transition"]) for row in messages()] == [
        (None, "run_started"),
        (None, "run_succeeded"),
    ]


def test_what_ends_between_two_looks_is_told_whole(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1, scheduled_dttm=LONG_AGO)
    airflow_rows.end(run, "success")
    observer.look()

    assert told(messages) == [("ship", 1, "created"), ("ship", 1, "completed")]


def test_what_has_no_webhook_is_not_told(observer: Observer, messages: Messages) -> None:
    orders(StepWebhook(name="some", conn_id="erp", on="failed"))
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    airflow_rows.step(run, "pay", "failed", try_number=1)
    observer.look()

    assert told(messages) == []


def test_a_webhook_that_is_not_enabled_is_not_sent(observer: Observer, messages: Messages) -> None:
    orders(StepWebhook(name="some", conn_id="erp", enabled=False))
    airflow_rows.step(airflow_rows.start("orders"), "ship", "success", try_number=1)
    observer.look()

    assert told(messages) == []


def test_tries_between_two_looks_are_told_by_the_log(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.logged(run, "ship", "running")
    airflow_rows.logged(run, "ship", "up_for_retry")
    airflow_rows.logged(run, "ship", "running", try_number=2)
    airflow_rows.logged(run, "ship", "deferred", try_number=2)
    airflow_rows.step(run, "ship", "success", try_number=2)
    observer.look()

    assert sorted(told(messages)) == [
        ("ship", 1, "created"),
        ("ship", 1, "up_for_retry"),
        ("ship", 2, "completed"),
        ("ship", 2, "created"),
        ("ship", 2, "deferred"),
    ]


def test_a_killed_worker_s_retry_is_told_by_the_history(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "running", try_number=1, max_tries=2)
    airflow_rows.logged(run, "ship", "failed", by_api=False)
    airflow_rows.retry(run, "ship", state="scheduled", try_number=2)
    rewind(timedelta(seconds=11))
    observer.look()

    assert sorted(told(messages)) == [
        ("ship", 1, "created"),
        ("ship", 1, "up_for_retry"),
        ("ship", 2, "created"),
    ]


def test_a_try_that_failed_before_it_ran_is_told_although_the_history_has_it_not(
    observer: Observer, messages: Messages
) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.logged(run, "ship", "failed", by_api=False)
    airflow_rows.step(run, "ship", "queued", try_number=2)
    airflow_rows.retry(run, "ship", state="queued", try_number=3)  # a new scheduler takes it back
    rewind(timedelta(seconds=30))
    observer.look()

    assert sorted(told(messages)) == [
        ("ship", 1, "created"),
        ("ship", 1, "up_for_retry"),
        ("ship", 2, "created"),
        ("ship", 3, "created"),
    ]


def test_a_step_cleared_while_it_waited_did_not_fail(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "queued", try_number=1, max_tries=2)
    airflow_rows.retry(run, "ship", state=None, try_number=1)
    rewind(timedelta(seconds=11))
    observer.look()

    assert told(messages) == [("ship", 1, "created")]


def test_a_skip_by_the_scheduler_is_told(observer: Observer, messages: Messages) -> None:
    orders()
    airflow_rows.step(airflow_rows.start("orders"), "ship", "skipped")
    observer.look()

    assert told(messages) == [("ship", 0, "skipped")]


def test_what_came_to_light_late_is_told(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    observer.look()
    late = datetime.now(UTC) - timedelta(seconds=30)
    airflow_rows.step(run, "ship", "success", try_number=1, updated_at=late)
    observer.look()
    assert told(messages) == []

    rewind(timedelta(seconds=11))
    observer.look()
    assert [name for *_, name in told(messages)] == ["created", "completed"]


def test_a_run_is_looked_at_once_more_before_it_is_closed(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    observer.look()
    airflow_rows.end(run, "success")
    observer.look()
    with Session(engine()) as session, session.begin():
        ended = datetime.now(UTC) - timedelta(minutes=2)
        session.execute(update(DagRun.__table__).values(end_date=ended))
        session.execute(update(OpenRun).values(opened_at=ended - timedelta(minutes=9)))
    # A clock that is minutes off: no look of its time finds it.
    airflow_rows.step(run, "ship", "success", try_number=1, updated_at=ended - timedelta(minutes=5))
    rewind(timedelta(seconds=11))
    observer.look()

    assert [name for *_, name in told(messages)] == ["created", "completed"]
    with Session(engine()) as session:
        assert session.query(OpenRun).count() == 0


def test_a_cleared_run_is_told_of_anew(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.end(run, "failed")
    observer.look()
    with Session(engine()) as session, session.begin():
        session.execute(OpenRun.__table__.delete())
        row = session.get_one(DagRun, run)
        row.clear_number, row.state, row.end_date = 1, "running", None
    airflow_rows.logged(run, "ship", "running", try_number=2)
    airflow_rows.step(run, "ship", "running", try_number=2)
    observer.look()

    assert told(messages) == [("ship", 2, "created")]
    assert [(row["try_number"], row["transition"]) for row in messages() if not row["task_id"]] == [
        (1, "run_started"),
        (1, "run_failed"),
        (2, "run_started"),
    ]


def test_what_happened_before_hookline_came_is_not_told(metadata: str, messages: Messages) -> None:
    airflow_rows.empty()
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    airflow_rows.end(run, "success")
    for _ in range(3):
        Observer(Plans(), "x").look()

    assert messages() == []


def test_two_observers_tell_it_once(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    other = Observer(Plans(), "x")
    other.look()
    rewind(timedelta(seconds=11))
    observer.look()

    assert len(messages()) == 3


def test_nothing_is_seen_that_was_not_put_into_the_outbox(
    observer: Observer, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    with monkeypatch.context() as broken:
        broken.setattr("hookline.outbox.store.add", lambda *_: (_ for _ in ()).throw(RuntimeError))
        with pytest.raises(RuntimeError):
            observer.look()
    assert messages() == []

    observer.look()
    assert len(messages()) == 3


def test_after_a_day_away_all_of_it_is_told(observer: Observer, messages: Messages) -> None:
    orders()
    run = airflow_rows.start("orders")
    day = timedelta(days=1)
    airflow_rows.step(run, "ship", "success", try_number=1, updated_at=datetime.now(UTC) - day / 2)
    rewind(day)
    while observer.look():
        pass

    assert [name for *_, name in told(messages)] == ["created", "completed"]


def test_each_index_of_a_mapped_step_is_told(observer: Observer, messages: Messages) -> None:
    with DAG("orders", schedule=None) as dag:
        step_webhooks(BashOperator.partial(task_id="ship").expand(bash_command=["a", "b"]), ALL)
    airflow_rows.write(dag)
    run = airflow_rows.start("orders")
    with Session(engine()) as session:
        indices = sorted(session.scalars(select(TaskInstance.map_index)))
    for index in indices:
        airflow_rows.step(run, "ship", "success", map_index=index, try_number=1)
    observer.look()

    assert indices == [0, 1]
    assert sorted((row["map_index"], row["transition"]) for row in messages()) == [
        (0, "completed"),
        (0, "created"),
        (1, "completed"),
        (1, "created"),
    ]


def test_a_dag_that_cannot_be_read_stops_no_other(observer: Observer, messages: Messages) -> None:
    with DAG("broken", schedule=None) as dag:
        step_webhooks(EmptyOperator(task_id="ship"), ALL)
        dag.default_args["hookline.step_webhooks"]["version"] = 99
    airflow_rows.write(dag)
    orders()
    for dag_id in ("broken", "orders"):
        airflow_rows.step(airflow_rows.start(dag_id), "ship", "success", try_number=1)
    observer.look()

    assert {row["dag_id"] for row in messages()} == {"orders"}


def test_a_registered_webhook_is_sent_until_it_is_disabled(observer: Observer, messages: Messages) -> None:
    with DAG("plain", schedule=None) as dag:
        EmptyOperator(task_id="ship")
        EmptyOperator(task_id="pay")
    airflow_rows.write(dag)
    webhook = StepWebhook(name="yaml", conn_id="erp")

    def put(session: Session) -> None:
        registry.put(
            session, webhook, "plain", "ship", origin=registry.YAML, author="ada", now=datetime.now(UTC)
        )

    with Session(engine()) as session, session.begin():
        put(session)
    first = airflow_rows.start("plain", "r1")
    for task_id in ("ship", "pay"):
        airflow_rows.step(first, task_id, "success", try_number=1)
    observer.look()
    with Session(engine()) as session, session.begin():
        registry.enable(session, "yaml", datetime.now(UTC), enabled=False)
    airflow_rows.step(airflow_rows.start("plain", "r2"), "ship", "success", try_number=1)
    observer.look()

    assert [(row["run_id"], row["task_id"]) for row in messages()] == [("r1", "ship")]


def test_what_was_told_long_ago_is_forgotten(observer: Observer) -> None:
    orders()
    run = airflow_rows.start("orders")
    airflow_rows.step(run, "ship", "success", try_number=1)
    observer.look()
    with Session(engine()) as session, session.begin():
        session.execute(update(Seen).values(seen_at=LONG_AGO))
        session.execute(update(OpenRun).values(run=run + 1))
    Observer(Plans(), "x").look()

    with Session(engine()) as session:
        assert (session.query(Seen).count(), session.query(OpenRun).count()) == (0, 0)
