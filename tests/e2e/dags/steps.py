"""A run in which everything happens that a step webhook can tell of."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import DAG, Param, TaskGroup, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from hookline.authoring import StepWebhook, event_dag, step_webhooks
from hookline.steps.transition import ALL, OF_RUNS, OF_STEPS

STEPS = StepWebhook(name="steps", conn_id="api", path="/steps", on=list(OF_STEPS))
RUNS = StepWebhook(name="runs", conn_id="api", path="/runs", on=list(OF_RUNS))
CONNECTIONS = {
    "basic": "canary_out_basic",
    "bearer": "canary_out_bearer",
    "api_key": "canary_out_api_key",
    "client_secret": "canary_out_client_secret",
    "hmac": "canary_out_hmac",
    "standard_webhooks": "canary_out_standard_webhooks",
    "oauth2": "proven_oauth2",
    "client_certificate": "proven_client_certificate",
}
PROVEN = [
    StepWebhook(
        name=f"proven-{authentication}", conn_id=conn_id, path=f"/proven/{authentication}", on=list(ALL)
    )
    for authentication, conn_id in CONNECTIONS.items()
]
CHOSEN = StepWebhook(
    name="chosen",
    conn_id="api",
    path="/chosen",
    filter="data.step.result.total > `100`",
    headers={"X-Order": "${data.step.result.order}"},
    body={
        "order": "${data.step.result.order}",
        "text": "Order ${data.step.result.order} is ${data.step.state}",
    },
)

with DAG("steps", schedule=None) as dag:
    step_webhooks(dag, STEPS, RUNS, *PROVEN)

    @task
    def order(total: int) -> dict[str, object]:
        """Return what an order is."""
        return {"order": "A-7", "total": total}

    @task(retries=1, retry_delay=timedelta(0))
    def flaky() -> str:
        """Fail once."""
        if get_current_context()["ti"].try_number == 1:
            raise RuntimeError("the first try fails")
        return "at last"

    @task(retries=0)
    def fails() -> None:
        """Fail for good."""
        raise RuntimeError("it always fails")

    @task
    def skips() -> None:
        """Skip itself."""
        raise AirflowSkipException

    @task
    def after_skip() -> None:
        """Be skipped by the scheduler."""

    @task
    def plain(text: str) -> str:
        """Run after a step, an approval, or several."""
        return text

    large = step_webhooks(order.override(task_id="large")(120), CHOSEN)
    small = step_webhooks(order.override(task_id="small")(20), CHOSEN)
    large >> plain.override(task_id="after_task")("x") >> flaky()
    [large, small] >> EmptyOperator(task_id="join") >> plain.override(task_id="after_tasks")("x")
    fails()
    skips() >> after_skip()
    WaitSensor(task_id="waits", time_to_wait=timedelta(seconds=3), deferrable=True)

    with TaskGroup("approvals"):
        one, left, right, first, second = (
            ApprovalOperator(
                task_id=name,
                subject=f"May {name} go out?",
                params={"limit": Param(100, type="integer")},
            )
            for name in ("one", "left", "right", "first", "second")
        )
        one >> plain.override(task_id="after_one")("x")
        [left, right] >> EmptyOperator(task_id="both") >> plain.override(task_id="after_both")("x")
        first >> second >> plain.override(task_id="after_chain")("x")

    plain.override(task_id="mapped").expand(text=["a", "b"])


@event_dag("chaos.told", sample={"n": 1})
def told() -> None:
    """Tell what began the run."""
    step_webhooks(plain.override(task_id="first")("x"), STEPS)


on_told = told()
step_webhooks(on_told, RUNS, *PROVEN)
