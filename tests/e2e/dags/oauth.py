"""Airflow Dags that call with a token of OAuth 2.0."""

from __future__ import annotations

from airflow.sdk import DAG

from hookline.operators.http import HttpGetOperator

TASKS = 50

with DAG("oauth.call", schedule=None):
    HttpGetOperator(task_id="worker", http_conn_id="crm", path="resource")
    HttpGetOperator(task_id="free", http_conn_id="crm", path="resource", deferrable=True)

with DAG("oauth.many", schedule=None, max_active_tasks=TASKS):
    for number in range(TASKS):
        HttpGetOperator(task_id=f"call_{number}", http_conn_id="machine", path="resource", deferrable=True)
