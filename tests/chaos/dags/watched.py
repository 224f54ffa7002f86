"""A run of fifty steps: those of workers, those that the scheduler ends, and those that it skips."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

from hookline.authoring import StepWebhook, step_webhooks
from hookline.steps.transition import OF_RUNS, OF_STEPS

WORKED, ENDED, SKIPPED = 3, 36, 10
SECONDS = 1.5
"""How long a worker has a step, so that it can be killed meanwhile."""

with DAG("watched", schedule=None, max_active_runs=1000):

    @task(retries=50, retry_delay=timedelta(seconds=1))
    def worked(pids: str) -> None:
        """Say which process has the step, and take some time."""
        import os
        import time
        from pathlib import Path

        place = Path(pids, str(os.getpid()))
        place.touch()
        time.sleep(SECONDS)
        place.unlink()

    @task(retries=0)
    def fails() -> None:
        """Fail for good."""
        raise RuntimeError("it always fails")

    @task(trigger_rule="one_failed")
    def otherwise() -> None:
        """Never run."""

    ended = [EmptyOperator(task_id=f"ended_{number}") for number in range(ENDED)]
    ended[0] >> ended[1:]
    ended[0] >> [otherwise.override(task_id=f"skipped_{number}")() for number in range(SKIPPED)]
    for number in range(WORKED):
        worked.override(task_id=f"worked_{number}")("{{ dag_run.conf['pids'] }}")
    fails()
    step_webhooks(
        ended[0].dag,
        StepWebhook(name="steps", conn_id="ledger", path="/steps", on=list(OF_STEPS)),
        StepWebhook(name="runs", conn_id="ledger", path="/runs", on=list(OF_RUNS)),
    )
