"""A task that does nothing, on the triggerer: what Airflow itself takes for a task without a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, StartTriggerArgs, TaskSuccessEvent, TriggerEvent


class NothingTrigger(BaseTrigger):
    """Ends its task."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.apparatus.nothing.NothingTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TaskSuccessEvent()


class NothingOperator(BaseOperator):
    """Starts and ends on the triggerer."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls="benchmarks.apparatus.nothing.NothingTrigger", trigger_kwargs={}, next_method="never"
    )
