"""Operators of the inbound side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from hookline.authoring import respond
from hookline.exceptions import ConfigurationError
from hookline.operators import worker_free
from hookline.protocol import response

if TYPE_CHECKING:
    from airflow.sdk import Context


class WebhookResponseOperator(BaseOperator):
    """Answer the sender whose request waits for this run (``respond=finished``).

    Where nobody waits, the answer is only kept for the status URL. The XCom is ``{"status": int}``.

    :param status: 200 to 599, see :mod:`hookline.protocol.response`.
    :param headers: header fields out of :data:`hookline.protocol.response.HEADERS`.
    :param body: a dictionary or list is sent as JSON, text as ``text/plain``, None not at all.
    :param content_type: out of :data:`hookline.protocol.response.TYPES`.
    :param deferrable: run in the triggerer, without a worker, where the task allows it; see
        :mod:`hookline.operators.worker_free`.
    :raises ConfigurationError: no answer may have the status, when the Dag is parsed.
    """

    template_fields: Sequence[str] = ("status", "headers", "body", "content_type")
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "json", "headers": "json"}
    ui_color = "#e4e9f0"

    guards_events = True
    trigger = "hookline.triggers.webhook.WebhookResponseTrigger"
    deferrable = False  # until the arguments are there
    start_from_trigger: Any = worker_free.StartFromTrigger()
    start_trigger_args: Any = worker_free.StartTriggerArgs()

    def __init__(
        self,
        *,
        status: int | str = 200,
        headers: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str | None = None,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.status = status
        self.headers = headers
        self.body = body
        self.content_type = content_type
        self.deferrable = worker_free.default() if deferrable is None else deferrable
        if isinstance(status, int):
            try:
                response.check_status(status)
            except ConfigurationError as error:
                raise ConfigurationError(f"{type(self).__name__} `{self.task_id}`: {error}") from None

    def arguments(self) -> dict[str, Any]:
        """Return what makes the answer."""
        return {name: getattr(self, name) for name in ("status", "headers", "body", "content_type")}

    def execute(self, context: Context) -> dict[str, Any]:
        """Leave the answer for the server.

        :raises ConfigurationError: it is not allowed.
        """
        if self.deferrable:
            self.log.info("Runs on a worker, although deferrable: %s", worker_free.obstacle(self))
        return respond(context, **self.arguments())

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take over from the triggerer what it could not do.

        :param event: ``{"fallback": reason}``, or ``{"failure": message}`` for one that no other try mends.
        :raises AirflowFailException: a failure.
        """
        if "failure" in event:
            raise AirflowFailException(event["failure"])
        return respond(context, **self.arguments())
