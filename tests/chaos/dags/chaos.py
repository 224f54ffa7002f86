"""What runs while components are killed: quick event Dags, one with a worker, and one that waits."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

from hookline.authoring import StepWebhook, event_dag, step_webhooks
from hookline.sensors.webhook import WebhookSensor

WIDTH = int(os.environ.get("CHAOS_WIDTH", "2"))
"""Waits of one task; ``tests/chaos/traffic.py`` sends as many events."""
TRIES = {"retries": 50, "retry_delay": timedelta(seconds=1)}
TOLD = StepWebhook(name="told", conn_id="ledger", path="/told", on="completed")
KEY = "{{ run_id }}"


def noted_by_the_scheduler() -> EmptyOperator:
    """Return a step that the scheduler ends; were it alone, `event_dag` would have a worker run it."""

    @task(trigger_rule="one_failed")
    def otherwise() -> None:
        """Never run."""

    noted = EmptyOperator(task_id="noted")
    noted >> otherwise()
    return noted


@event_dag("orders.quiet", sample={"n": 0})
def quiet() -> None:
    """Be a run."""
    noted_by_the_scheduler()


@event_dag("orders.told", sample={"n": 0})
def told() -> None:
    """Tell the ledger."""
    step_webhooks(noted_by_the_scheduler(), TOLD)


@event_dag("orders.worked", sample={"n": 0})
def worked() -> None:
    """Tell the ledger what a worker did."""

    @task(**TRIES)
    def noted() -> str:
        """Do something."""
        return "done"

    step_webhooks(noted(), TOLD)


quiet()
told()
worked()

with DAG("waits", schedule=None, max_active_runs=1000):
    for name, shared, keys in (
        ("own", True, [f"{KEY}/{number}" for number in range(WIDTH)]),
        ("any", False, [f"{KEY}/any"] * WIDTH),
    ):
        wait = WebhookSensor.partial(task_id=name, source="answers", shared=shared, timeout=86400, **TRIES)
        step_webhooks(wait.expand(correlation=keys), TOLD)
