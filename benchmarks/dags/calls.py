"""The same calls as Airflow tasks of three kinds, for benchmarks/calls.py."""

from __future__ import annotations

import os

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

from hookline.operators.http import HttpPostOperator

TASKS = int(os.environ["BENCHMARK_TASKS"])
AT_ONCE = {"schedule": None, "max_active_tasks": 1000, "max_active_runs": 1000}

with DAG("http_operator", **AT_ONCE):
    for number in range(TASKS):
        HttpOperator(
            task_id=f"call_{number}",
            http_conn_id="slow_http",
            endpoint="call",
            method="POST",
            data='{"n": 1}',
        )

with DAG("worker_free", **AT_ONCE):
    for number in range(TASKS):
        HttpPostOperator(
            task_id=f"call_{number}", http_conn_id="slow", path="call", body={"n": 1}, deferrable=True
        )
