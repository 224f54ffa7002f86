"""The trigger behind ``deferrable=True``: the call runs on the triggerer's loop, the task ends there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import jinja2
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSuccessEvent, TriggerEvent

from hookline.authoring import MissingEvent, require_event
from hookline.exceptions import HooklineError
from hookline.hooks import calling
from hookline.hooks.arguments import Task
from hookline.http.flow import Flow
from hookline.http.lane import adrive
from hookline.triggers import outputs, rendering
from hookline.triggers.lane import TriggerLane, aconnect
from hookline.triggers.once import AlreadySent, Once

RENDER_SECONDS = 15.0


class HttpCallTrigger(BaseTrigger):
    """Makes one call and ends its task with the answer as XCom.

    :param call: JSON of the operator's arguments, not rendered, as
        :func:`hookline.operators.worker_free.obstacle` found them fit to travel.
    """

    def __init__(self, call: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.call = call
        self._context: Mapping[str, Any] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is made from again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"call": self.call}

    def render_template_fields(self, context: Any, jinja_env: jinja2.Environment | None = None) -> None:  # noqa: ARG002
        """Keep the context; what is rendered is inside the JSON."""
        self._context = context

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the end of the task, or ask for a worker where one is needed after all."""
        given = json.loads(self.call)
        try:
            if given["event"]:
                require_event(self._context or {})
            arguments = await self._rendered(given)
            answer = await self._answered(arguments)
            if given["push"]:
                # Not with the event: Airflow would log it whole, and encode it twice.
                await outputs.push(self.task_instance, "return_value", answer)
        except rendering.NeedsWorker as reason:
            yield TriggerEvent({"fallback": str(reason)})
        except AirflowFailException as error:
            # Only a worker fails a task without another try.
            yield TriggerEvent({"failure": str(error)})
        except (HooklineError, AirflowException, jinja2.TemplateError, AlreadySent) as error:
            self.log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400  the sentence says it all
            yield TaskFailedEvent()
        else:
            yield TaskSuccessEvent()

    async def _rendered(self, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            # Not on a thread: what the supervisor leaves unanswered can be cancelled here only.
            async with asyncio.timeout(RENDER_SECONDS):
                return rendering.rendered(
                    given, self._context or {}, MissingEvent if given["event"] else None
                )
        except TimeoutError:
            raise rendering.NeedsWorker("its templates ask for what a triggerer cannot give") from None

    async def _answered(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        task = Task.of(self.task_instance)
        # On a thread: it looks at files of object storage.
        made = await asyncio.to_thread(calling.make, arguments, task)
        target = await aconnect(arguments["http_conn_id"], made.call.address)
        once = Once(self.task_instance, made.call, self.log)
        async with TriggerLane(arguments["http_conn_id"], target, self.log, once) as lane:
            answer = await adrive(Flow(made.call, target, save=made.save).steps(), lane)
        if arguments["log_response"]:
            self.log.info("Body of the answer: %.10000s", answer.body)
        return await asyncio.to_thread(answer.xcom)
