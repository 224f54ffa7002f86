"""A step whose worker is killed."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from hookline.authoring import StepWebhook, step_webhooks
from hookline.steps.transition import OF_STEPS


@dag(schedule=None)
def doomed() -> None:
    """Say which process runs the step, and wait for its end."""

    @task(retries=1, retry_delay=timedelta(0))
    def dies(pids: str) -> None:
        """Never end by itself."""
        import os
        import time
        from pathlib import Path

        Path(pids, str(os.getpid())).touch()
        time.sleep(600)

    step_webhooks(
        dies("{{ dag_run.conf['pids'] }}"),
        StepWebhook(name="doomed", conn_id="api", path="/doomed", on=list(OF_STEPS)),
    )


doomed()
