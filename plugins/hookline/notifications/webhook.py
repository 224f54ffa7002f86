"""A POST from a callback, at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.notifier import BaseNotifier

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow.sdk import Context


class WebhookNotifier(BaseNotifier):
    """Sends from an ``on_…_callback``, signed and tried again as the Connection says. Best effort.

    A worker that is killed runs no callback, and what could not be sent within a minute is lost; Airflow logs
    it and goes on. For what has to arrive there is :func:`hookline.authoring.step_webhooks`.

    :param http_conn_id: Connection of type ``http_connector``; None to send to a whole ``url``.
    :param path: below the Connection's address.
    :param url: whole address instead.
    :param body: sent as JSON; without it what :func:`told` says.
    :param headers: sent along.
    :raises ConfigurationError: there is neither a Connection nor a url.
    """

    template_fields: Sequence[str] = ("path", "url", "body", "headers")

    def __init__(
        self,
        *,
        http_conn_id: str | None = None,
        path: str = "",
        url: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not http_conn_id and not url:
            raise ConfigurationError("WebhookNotifier needs http_conn_id or url: where to send")
        self.http_conn_id = http_conn_id
        self.path = path
        self.url = url
        self.body = body
        self.headers = headers

    def notify(self, context: Context) -> None:
        """Send; raises as :meth:`hookline.hooks.http.HttpConnectorHook.call` does, which Airflow logs."""
        from hookline.hooks.http import HttpConnectorHook

        with HttpConnectorHook(self.http_conn_id) as hook:
            hook.call(
                "POST",
                self.path,
                url=self.url,
                body=told(context) if self.body is None else self.body,
                headers=self.headers,
                # Without one a POST would not be sent again.
                idempotency_key=str(uuid.uuid4()),
            )


def told(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent of a callback's context: ``type``, ``timestamp``, ``data``, as step webhooks do.

    ``type`` is ``step.`` or ``run.`` and the state.
    """
    run, step = context.get("dag_run"), context.get("ti")
    if "task" not in context:  # a Dag's callback may have a task instance too
        step = None
    state = getattr(run if step is None else step, "state", None)
    name = str(getattr(state, "value", state))
    data: dict[str, Any] = {
        "dag_id": getattr(run, "dag_id", None) or getattr(context.get("dag"), "dag_id", None),
        "run": {"id": getattr(run, "run_id", None) or context.get("run_id")},
    }
    if step is not None:
        data["step"] = {
            "task_id": step.task_id,
            "map_index": None if step.map_index is None or step.map_index < 0 else step.map_index,
            "try_number": step.try_number,
            "state": name,
        }
    return {
        "type": f"{'run' if step is None else 'step'}.{name}",
        "timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "data": data,
    }
