"""Airflow Dags that the end-to-end tests start, hold, refuse."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, dag

from hookline.authoring import event_dag
from hookline.operators.http import HttpPostOperator

ANY_OBJECT = {"type": "object"}


def nothing() -> None:
    """End without a worker, so that thousands of runs can end in a test.

    The scheduler ends the first task and skips the second, since the first did not fail.
    """
    EmptyOperator(task_id="nothing") >> HttpPostOperator(
        task_id="never", http_conn_id="echo", trigger_rule="all_failed"
    )


@event_dag("chaos.tick", schema=ANY_OBJECT, sample={"n": 0})
def chaos_tick() -> None:
    """Take any event."""
    nothing()


@event_dag("chaos.paused", schema=ANY_OBJECT, sample={}, is_paused_upon_creation=True)
def chaos_paused() -> None:
    """Hold its events until a test unpauses it."""
    nothing()


@dag(dag_id="chaos.unmarked", schedule=None)
def chaos_unmarked() -> None:
    """Be named like an event Dag without being one."""
    EmptyOperator(task_id="nothing")


@event_dag(
    "chaos.strict",
    schema={"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
    sample={"n": 1},
)
def chaos_strict() -> None:
    """Take events with a whole number `n` only."""
    nothing()


@event_dag("chaos.sample", schema=ANY_OBJECT, sample={"customer": "the-sample-customer"})
def chaos_sample() -> None:
    """Send what a careless author takes from `params`, which may be the sample."""
    HttpPostOperator(
        task_id="send", http_conn_id="echo", path="/from-params", body={"who": "{{ params.data.customer }}"}
    )


@event_dag("chaos.empty", schema=ANY_OBJECT, sample={})
def chaos_empty() -> None:
    """Consist of what Airflow ends without a worker."""
    EmptyOperator(task_id="send")


@event_dag("chaos.late", schema=ANY_OBJECT, sample={"customer": "the-sample-customer"})
def chaos_late() -> None:
    """Be built before its task is added."""


with chaos_late():
    HttpPostOperator(
        task_id="send", http_conn_id="echo", path="/from-params", body={"who": "{{ params.data.customer }}"}
    )

marked = chaos_tick()
with DAG("chaos.copied", schedule=None, default_args=marked.default_args):
    EmptyOperator(task_id="nothing")
chaos_empty()
chaos_paused()
chaos_unmarked()
chaos_strict()
chaos_sample()
