"""What the distributed stack runs."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import get_current_context, task

from hookline.authoring import Event, event_dag


@task
def take() -> dict[str, Any]:
    """Tell what arrived, and which settings of Airflow the task's process has."""
    event = Event.from_context(get_current_context())
    settings = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW__")}
    return {"n": event.data["n"], "settings": settings}


@event_dag("fleet.tick", schema={"type": "object"}, sample={"n": 0})
def fleet_tick() -> None:
    """Do one thing on a Celery worker."""
    take()


fleet_tick()
