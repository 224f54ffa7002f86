"""Tasks that wait, for benchmarks/waiting.py: for events, and as Airflow's own deferred tasks."""

from __future__ import annotations

import os

from airflow.sdk import DAG

from benchmarks.apparatus.fires import FiresOperator
from hookline.sensors.webhook import WebhookSensor

WAITING = int(os.environ.get("BENCHMARK_WAITING", "0"))
EVENTS = int(os.environ.get("BENCHMARK_EVENTS", "0"))

if WAITING:
    with DAG("waiting", schedule=None, max_active_tasks=1000):
        WebhookSensor.partial(task_id="wait", source="bench", pool="bench").expand(
            correlation=[f"key-{number}" for number in range(WAITING)]
        )

if EVENTS:
    with DAG("deferred", schedule=None, max_active_tasks=1000):
        FiresOperator.partial(task_id="wait").expand(after=list(range(EVENTS)))
