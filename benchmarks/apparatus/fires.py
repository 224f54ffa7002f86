"""A deferred task whose trigger fires at a known time: Airflow's own way from event to success."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent

DELAY = 60.0
"""Seconds from the start of the run until the first fires; all are deferred by then."""
SPACING = 1.0


class FiresTrigger(BaseTrigger):
    """Fires at a time with that time."""

    def __init__(self, moment: float) -> None:
        super().__init__()
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.apparatus.fires.FiresTrigger", {"moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(max(0.0, self.moment - time.time()))
        yield TriggerEvent(time.time())


class FiresOperator(BaseOperator):
    """Returns when its trigger fired, in seconds since the epoch; one after another, each alone."""

    def __init__(self, *, after: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.after = after

    def execute(self, context: Any) -> None:
        first = context["dag_run"].run_after.timestamp() + DELAY
        if time.time() > first:
            raise RuntimeError(f"Some tasks were not deferred {DELAY:g} s after the start of the run.")
        self.defer(trigger=FiresTrigger(first + self.after * SPACING), method_name="execute_complete")

    def execute_complete(self, context: Any, event: float) -> float:  # noqa: ARG002  its signature
        return event
