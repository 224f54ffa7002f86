"""Airflow Dags whose calls do without a worker, or cannot."""

from __future__ import annotations

from airflow.sdk import DAG, Asset

from hookline.authoring import event_dag
from hookline.operators.http import HttpCallOperator, HttpGetOperator, HttpPostOperator

FREE = {"http_conn_id": "api", "deferrable": True}

with DAG("lanes.free", schedule=None):
    first = HttpGetOperator(task_id="first", path="things", query={"run": "{{ run_id }}"}, **FREE)
    HttpPostOperator(
        task_id="second",
        path="others",
        body={"all": first.output, "status": "{{ ti.xcom_pull('first')['status'] }}", "none": None},
        idempotency_key=True,
        response_filter="id",
        **FREE,
    )

with DAG("lanes.native", schedule=None, render_template_as_native_obj=True):
    HttpPostOperator(task_id="call", path="native", body={"n": "{{ 1 + 1 }}"}, **FREE)

with DAG("lanes.outlets", schedule=None):
    HttpPostOperator(task_id="call", path="outlets", body={}, outlets=[Asset("lanes-outlet")], **FREE)

with DAG("lanes.mapped", schedule=None):
    HttpPostOperator.partial(task_id="call", path="mapped", **FREE).expand(body=[{"n": 1}, {"n": 2}])

with DAG("lanes.refused", schedule=None):
    HttpCallOperator(task_id="call", method="PATCH", path="status/404", **FREE)

with DAG("lanes.again", schedule=None):
    HttpGetOperator(task_id="call", path="flaky/{{ run_id }}", **FREE)

with DAG("lanes.later", schedule=None):
    HttpGetOperator(task_id="worker", http_conn_id="api", path="later")
    HttpGetOperator(task_id="free", path="later", **FREE)

with DAG("lanes.slow", schedule=None):
    HttpPostOperator(task_id="once", path="slow/once/{{ run_id }}", body={}, **FREE)
    HttpPostOperator(task_id="keyed", path="slow/keyed/{{ run_id }}", body={}, idempotency_key=True, **FREE)


@event_dag("lanes.event", sample={"customer": "the-sample-customer"})
def event() -> None:
    """Call without a worker, for an event only."""
    HttpPostOperator(task_id="call", path="event", body={"who": "{{ dag_run.conf['data']['who'] }}"}, **FREE)
    HttpPostOperator(task_id="careless", path="event", body={"who": "{{ params.data.customer }}"}, **FREE)


event()
