"""The trigger of asset watchers, and how Airflow's ``MessageQueueTrigger`` comes to it."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest
from airflow.providers.common.messaging.triggers.msg_queue import MessageQueueTrigger

from hookline.exceptions import ConfigurationError
from hookline.triggers.webhook import WebhookEventTrigger

EXPECTED = (
    "hookline.triggers.webhook.WebhookEventTrigger",
    {"source": "orders", "event_type": None, "condition": None},
)


@pytest.mark.parametrize(
    "arguments",
    [
        {"scheme": "webhook", "queue": "orders"},
        {"queue": "webhook://orders"},
        {"scheme": "webhook", "source": "orders"},
    ],
    ids=str,
)
def test_a_queue_is_a_source(arguments: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow would have `queue` go
        trigger = MessageQueueTrigger(**arguments)
    assert trigger.serialize() == EXPECTED


@pytest.mark.parametrize("queue", ["https://sqs.us-east-1.amazonaws.com/1/q", "kafka://x", "Orders", ""])
def test_a_queue_of_another_system_is_none(queue: str) -> None:
    from hookline.queues import WebhookMessageQueueProvider

    assert not WebhookMessageQueueProvider().queue_matches(queue)


@pytest.mark.parametrize("changed", [{"source": ""}, {"condition": "a["}, {"event_type": ""}], ids=str)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WebhookEventTrigger(**{"source": "orders", **changed})


def test_in_a_triggerer_it_sleeps() -> None:
    async def first() -> Any:
        return await anext(aiter(WebhookEventTrigger("orders").run()))

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(first(), 0.05))
