"""The trigger behind ``WebhookResponseOperator(deferrable=True)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.protocol import response
from hookline.triggers import outputs
from hookline.triggers.http import HttpCallTrigger


class WebhookResponseTrigger(HttpCallTrigger):
    """Leaves the answer to the sender and ends its task."""

    async def _answered(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        made = response.compose(
            arguments["status"], arguments["headers"], arguments["body"], arguments["content_type"]
        )
        await outputs.push(self.task_instance, response.KEY, response.dump(made))
        return {"status": made.status}
