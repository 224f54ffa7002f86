"""Has a Celery worker import once, before it forks, what every task needs."""

from __future__ import annotations

import importlib
import sys

__all__: list[str] = []

NEEDED = (
    "airflow.dag_processing.dagbag",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.empty",
    "hookline.authoring",
    "hookline.sensors.webhook",
)

if sys.argv[1:3] == ["celery", "worker"]:
    from celery.signals import worker_init

    @worker_init.connect
    def _import(**_: object) -> None:
        for name in NEEDED:
            importlib.import_module(name)
