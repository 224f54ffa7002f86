"""What cannot be made into a message is kept with the reason, and can be sent when that is mended."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline.authoring import StepWebhook, step_webhooks
from hookline.database import engine
from hookline.observe import again, composing, registry
from hookline.observe.models import Registered
from hookline.observe.sweep import Observer
from tests.unit.observe import airflow_rows
from tests.unit.observe.conftest import Messages

NOW = datetime.now(UTC)


def declare(**fields: Any) -> None:
    with Session(engine()) as session, session.begin():
        webhook = StepWebhook(name="w", conn_id="erp", path="/in", **fields)
        registry.put(session, webhook, "d", "", origin=registry.YAML, author=None, now=NOW)


def finished(*webhooks: StepWebhook) -> None:
    """Write a Dag whose step has webhooks."""
    with DAG("d", schedule=None) as dag:
        step_webhooks(EmptyOperator(task_id="ship"), *webhooks)
    airflow_rows.write(dag)


def end(conf: Any = None) -> None:
    run = airflow_rows.start("d", conf=conf)
    airflow_rows.step(run, "ship", "success", try_number=1)
    airflow_rows.result(run, "ship", {"n": 7})


def replay(messages: Messages) -> int:
    with Session(engine()) as session, session.begin():
        return again.replay(session, [row["seq"] for row in messages()], NOW)


def test_a_definition_that_is_broken_is_told_of_when_it_is_mended(
    observer: Observer, messages: Messages
) -> None:
    finished()
    declare(body={"n": "${data.step.result.n}"})
    with Session(engine()) as session, session.begin():
        session.execute(update(Registered).values(definition='{"name": "w", "conn_id": "erp", "body": 7}'))
    end()
    observer.look()

    [dead] = messages()
    assert (dead["state"], dead["transition"], dead["attempts"]) == ("dead", "completed", 0)
    assert "body must be JMESPath, an object or a list" in dead["reason"]
    assert dead["payload"]["data"]["step"]["result"] == {"n": 7}
    assert replay(messages) == 0
    assert [row["state"] for row in messages()] == ["dead"]

    declare(body={"n": "${data.step.result.n}"})
    assert replay(messages) == 1
    [made] = messages()
    assert (made["state"], made["payload"], made["endpoint"]) == ("pending", {"n": 7}, "erp /in")
    assert made["delivery_id"] == dead["delivery_id"]
    assert json.loads(made["target"])["conn_id"] == "erp"


def test_a_webhook_that_is_gone_is_named(observer: Observer, messages: Messages) -> None:
    finished()
    declare()
    with Session(engine()) as session, session.begin():
        session.execute(update(Registered).values(definition="{"))
    end()
    observer.look()
    with Session(engine()) as session, session.begin():
        registry.remove(session, "w")

    assert replay(messages) == 0
    assert "`d` has no step webhook `w` any more" in messages()[0]["reason"]


def test_one_broken_definition_of_a_dag_stops_no_other(observer: Observer, messages: Messages) -> None:
    with DAG("d", schedule=None) as dag:
        step = EmptyOperator(task_id="ship")
        step_webhooks(step, StepWebhook(name="good", conn_id="erp"), StepWebhook(name="w", conn_id="erp"))
        dag.default_args["hookline.step_webhooks"]["webhooks"]["w"]["since"] = "a newer Hookline"
    airflow_rows.write(dag)
    end()
    observer.look()

    assert {row["webhook"]: row["state"] for row in messages()} == {"good": "pending", "w": "dead"}
    with Session(engine()) as session:
        problems = {one.name: one.problem for one in registry.listed(session)}
    assert problems["good"] == ""
    assert "has no field 'since'" in problems["w"]


def test_a_body_has_a_largest_size(
    observer: Observer, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "MOST_BYTES", 10_000)
    finished(StepWebhook(name="w", conn_id="erp", body=f"[{','.join(['@'] * 30)}]"))
    end()
    observer.look()

    [dead] = messages()
    assert dead["state"] == "dead"
    assert "its body is over the 10000 bytes" in dead["reason"]


@pytest.mark.parametrize(
    "conf",
    [
        {"data": 1, "hookline": "text"},
        {"data": 1, "hookline": {"form": 1, "files": "text"}},
        {"data": 1, "hookline": {"files": ["text", None, {"name": "a.pdf"}]}},
        {"data": {"deep": [[[[[[]]]]]]}, "hookline": None},
    ],
)
def test_whatever_a_run_was_started_with_is_told(observer: Observer, messages: Messages, conf: Any) -> None:
    finished(StepWebhook(name="w", conn_id="erp", on="created"))
    end(conf)
    observer.look()

    assert [(row["state"], row["transition"]) for row in messages()] == [("pending", "created")]


@pytest.mark.parametrize("storage", [True, False])
def test_a_large_result_is_told_whole_where_a_message_can_go_into_storage(
    observer: Observer, messages: Messages, monkeypatch: pytest.MonkeyPatch, storage: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", "file:///nowhere" if storage else "")
    large = {"text": [str(number) for number in range(100_000)]}
    finished(StepWebhook(name="w", conn_id="erp"))
    run = airflow_rows.start("d")
    airflow_rows.step(run, "ship", "success", try_number=1)
    airflow_rows.result(run, "ship", large)
    observer.look()

    result = messages()[0]["payload"]["data"]["step"]["result"]
    assert result == large if storage else result["truncated"]
