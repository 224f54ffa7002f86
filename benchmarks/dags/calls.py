"""The same calls on workers and without, and tasks that do nothing, for benchmarks/calls.py."""

from __future__ import annotations

import os

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

from benchmarks.apparatus.nothing import NothingOperator
from hookline.operators.http import HttpGetOperator, HttpPostOperator

TASKS = [f"call_{number}" for number in range(int(os.environ["BENCHMARK_TASKS"]))]
AT_ONCE = {"schedule": None, "max_active_tasks": 1000, "max_active_runs": 1000}

with DAG("http_operator", **AT_ONCE):
    for task_id in TASKS:
        HttpOperator(task_id=task_id, http_conn_id="slow_http", endpoint="call", method="GET")

with DAG("worker_free", **AT_ONCE):
    for task_id in TASKS:
        HttpGetOperator(task_id=task_id, http_conn_id="slow", path="call", deferrable=True)

with DAG("worker_free_post", **AT_ONCE):
    for task_id in TASKS:
        HttpPostOperator(task_id=task_id, http_conn_id="slow", path="call", body={"n": 1}, deferrable=True)

with DAG("floor", **AT_ONCE):
    for task_id in TASKS:
        NothingOperator(task_id=task_id)
