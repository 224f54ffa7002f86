"""What runs in benchmarks/soak.py: a step that needs no worker and one that does; both are told of."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import task

from hookline.authoring import Event, StepWebhook, event_dag, step_webhooks

TOLD = StepWebhook(name="told", conn_id="receiver", path="/told", on="completed")


@event_dag("soak.quick", sample={"n": 0}, max_active_runs=1000)
def quick() -> None:
    """End by the scheduler; were the step alone, `event_dag` would have a worker run it."""

    @task(trigger_rule="one_failed")
    def otherwise() -> None:
        """Never run."""

    noted = EmptyOperator(task_id="noted")
    noted >> otherwise()
    step_webhooks(noted, TOLD)


@event_dag("soak.worked", sample={"n": 0}, max_active_runs=1000)
def worked() -> None:
    """End by a worker."""

    @task
    def noted(**context) -> str:
        """Read the event."""
        return Event.from_context(context).id

    step_webhooks(noted(), TOLD)


quick()
worked()
