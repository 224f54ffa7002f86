"""The scheme ``webhook`` of ``MessageQueueTrigger`` (``apache-airflow-providers-common-messaging``)."""

from __future__ import annotations

import re
from typing import Any

from airflow.exceptions import AirflowOptionalProviderFeatureException

try:
    from airflow.providers.common.messaging.providers.base_provider import BaseMessageQueueProvider
except ImportError as error:
    raise AirflowOptionalProviderFeatureException(error) from None

from hookline.triggers.webhook import WebhookEventTrigger

_QUEUE = re.compile(r"(?:webhook://)?([a-z0-9][a-z0-9_-]{0,99})\Z")


class WebhookMessageQueueProvider(BaseMessageQueueProvider):
    """Makes ``MessageQueueTrigger(scheme="webhook", queue="orders")`` watch the source ``orders``.

    ``MessageQueueTrigger`` takes ``queue`` for an address that is to be matched, whatever the scheme says:
    addresses of other systems have a scheme of their own, a source's name has none.
    """

    scheme = "webhook"

    def queue_matches(self, queue: str) -> bool:
        """Tell whether a queue is a source's name, or ``webhook://`` and one."""
        return _QUEUE.match(queue) is not None

    def trigger_class(self) -> type[WebhookEventTrigger]:
        """Return the trigger behind the scheme."""
        return WebhookEventTrigger

    def trigger_kwargs(self, queue: str, **_kwargs: Any) -> dict[str, Any]:
        """Return the source of a queue as the trigger's argument."""
        found = _QUEUE.match(queue)
        return {"source": found[1]} if found else {}
