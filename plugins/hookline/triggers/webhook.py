"""Triggers of the inbound side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from hookline.protocol import response
from hookline.protocol.wait import WATCHER, Wait
from hookline.triggers import outputs
from hookline.triggers.http import HttpCallTrigger


class WebhookResponseTrigger(HttpCallTrigger):
    """Leaves the answer to the sender and ends its task: ``WebhookResponseOperator(deferrable=True)``."""

    async def _answered(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        made = response.compose(
            arguments["status"], arguments["headers"], arguments["body"], arguments["content_type"]
        )
        await outputs.push(self.task_instance, response.KEY, response.dump(made))
        return {"status": made.status}


class WebhookEventTrigger(BaseEventTrigger):
    """Let an ``AssetWatcher`` update its asset with each event of a source.

    The server registers the asset event, in the transaction that takes the event out of the inbox
    (``hookline.dispatch.watchers``): one event is one asset event, also while no triggerer runs. In the
    triggerer this only sleeps.

    :param source: name of the source.
    :param event_type: exact, or a pattern in which ``*`` is any text; every type without it.
    :param condition: JMESPath over the event's ``data`` that has to be true.
    :raises ConfigurationError: the arguments cannot be meant, when the Dag is parsed.
    """

    def __init__(self, source: str, event_type: str | None = None, condition: str | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        Wait(source, datetime.now(UTC), event_type=event_type, condition=condition)
        self.source = source
        self.event_type = event_type
        self.condition = condition

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the server reads (``airflow/models/trigger.py``)."""
        return WATCHER, {
            "source": self.source,
            "event_type": self.event_type,
            "condition": self.condition,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep; ends when the watcher is gone."""
        await asyncio.Event().wait()
        yield TriggerEvent(None)
