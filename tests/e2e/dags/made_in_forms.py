"""Airflow Dags for sources whose Connections the browser tests make in the form."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator

from hookline.authoring import event_dag


@event_dag("untouched.created", schema={"type": "object"}, sample={})
def untouched_created() -> None:
    """Run without a worker."""
    EmptyOperator(task_id="nothing")


@event_dag("cleared.created", schema={"type": "object"}, sample={})
def cleared_created() -> None:
    """Run without a worker."""
    EmptyOperator(task_id="nothing")


untouched_created()
cleared_created()
