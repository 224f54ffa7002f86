"""The same calls as Airflow tasks of three kinds, for benchmarks/calls.py."""

from __future__ import annotations

import os

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

from hookline.operators.http import HttpPostOperator

CALLS = int(os.environ["BENCHMARK_CALLS"])

with DAG("http_operator", schedule=None, max_active_tasks=CALLS):
    for number in range(CALLS):
        HttpOperator(
            task_id=f"call_{number}",
            http_conn_id="slow_http",
            endpoint="call",
            method="POST",
            data='{"n": 1}',
        )

with DAG("worker_free", schedule=None, max_active_tasks=CALLS):
    for number in range(CALLS):
        HttpPostOperator(
            task_id=f"call_{number}", http_conn_id="slow", path="call", body={"n": 1}, deferrable=True
        )
