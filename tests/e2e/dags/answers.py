"""Airflow Dags that answer their senders, for the end-to-end tests."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from hookline.authoring import Event, event_dag, respond
from hookline.operators.webhook import WebhookResponseOperator

OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}}


@event_dag("waits.code", schema=OBJECT, sample={"n": 1})
def waits_code() -> None:
    """Answer from Python, then go on."""

    @task
    def answer(**context: Any) -> None:
        number = Event.from_context(context).data["n"]
        respond(context, 418, {"X-Hookline-Number": number}, {"doubled": 2 * number})

    answer()


@event_dag("waits.free", schema=OBJECT, sample={"n": 1})
def waits_free() -> None:
    """Answer without a worker."""
    WebhookResponseOperator(task_id="answer", body={"n": "{{ dag_run.conf['data']['n'] }}"}, deferrable=True)


@event_dag("waits.silent", schema=OBJECT, sample={"n": 1})
def waits_silent() -> None:
    """End without an answer; fail for a negative number."""

    @task
    def check(**context: Any) -> None:
        if Event.from_context(context).data["n"] < 0:
            raise ValueError("negative")

    check()


waits_code()
waits_free()
waits_silent()
