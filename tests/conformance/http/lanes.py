"""The two ways an operator's call is made: by ``execute``, and by its trigger as a triggerer runs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.trigger import Trigger
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.execution_time.xcom import XCom
from airflow.serialization.decoders import smart_decode_trigger_kwargs
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import TaskFailedEvent, TaskSuccessEvent

from hookline.hooks import arguments
from hookline.operators.http import HttpConnectorOperator
from hookline.triggers.http import HttpCallTrigger

Make = Callable[..., HttpConnectorOperator]
Lane = Callable[..., dict[str, Any]]


class Failed(Exception):
    """The task ended as failed; the message is what its log says."""


def instance(task: Any) -> Any:
    return SimpleNamespace(
        dag_id="dag", run_id="run", task_id=task.task_id, map_index=-1, try_number=1, task=task
    )


def context(ti: Any, conf: dict[str, Any] | None = None) -> dict[str, Any]:
    run = SimpleNamespace(conf=conf or {}, run_id="run", dag_id="dag", run_after=datetime.now(UTC))
    return {"ti": ti, "task_instance": ti, "run_id": "run", "dag_run": run, "params": {}}


def through_a_worker(
    make: Make, *, native: bool = False, conf: dict[str, Any] | None = None, **arguments: Any
) -> dict[str, Any]:
    """Make the call as a worker does."""
    with DAG("dag", schedule=None, render_template_as_native_obj=native):
        task = make(task_id="call", **arguments)
    return work(task, context(instance(task), conf))


def work(task: Any, task_context: dict[str, Any]) -> dict[str, Any]:
    """Run a task as a worker does."""
    task.render_template_fields(task_context)
    return json.loads(json.dumps(task.execute(task_context)))


class Triggerer:
    """Runs triggers; what their tasks leave is in ``xcoms``, where the supervisor would put it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.xcoms: dict[str, Any] = {}
        self.said: list[str] = []

        async def push(*, key: str, value: Any, **_of: Any) -> None:
            self.xcoms[key] = json.loads(json.dumps(value))

        async def pull(*, key: str, **_of: Any) -> Any:
            return self.xcoms.get(key)

        # A folder of the test stands for storage that every machine reaches.
        monkeypatch.setattr(arguments, "is_local", lambda _save_to: False)
        monkeypatch.setattr(XCom, "aset", push)
        monkeypatch.setattr(XCom, "aget_one", pull)

    def __call__(
        self, make: Make, *, native: bool = False, conf: dict[str, Any] | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """Make the call as a triggerer does, by way of the database."""
        with DAG("dag", schedule=None, render_template_as_native_obj=native) as dag:
            make(task_id="call", deferrable=True, **arguments)
        return self.run(dag, "call", conf)

    def run(self, dag: DAG, task_id: str, conf: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run a task as a triggerer does, by way of the database."""
        trigger = self.trigger(dag, task_id, conf)
        return self._result(trigger, asyncio.run(self._event(trigger)))

    def many(self, number: int, make: Make, **arguments: Any) -> None:
        """Make a call several times at the same moment."""
        with DAG("dag", schedule=None) as dag:
            make(task_id="call", deferrable=True, **arguments)
        triggers = [self.trigger(dag, "call") for _ in range(number)]

        async def events() -> list[Any]:
            return await asyncio.gather(*(self._event(trigger) for trigger in triggers))

        for trigger, event in zip(triggers, asyncio.run(events()), strict=True):
            self._result(trigger, event)

    @staticmethod
    def trigger(dag: DAG, task_id: str, conf: dict[str, Any] | None = None) -> HttpCallTrigger:
        """Return the trigger of a task as a triggerer makes it from the database."""
        task = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag)))).get_task(
            task_id
        )
        assert task.start_from_trigger, "it would run on a worker"
        stored = Trigger.encrypt_kwargs(task.start_trigger_args.trigger_kwargs)
        kwargs = {
            name: smart_decode_trigger_kwargs(value)
            for name, value in Trigger._decrypt_kwargs(stored).items()
        }
        trigger = HttpCallTrigger(**kwargs)
        trigger.task_instance = instance(task)
        trigger._log = Log()
        trigger.render_template_fields(context(trigger.task_instance, conf))
        return trigger

    def _result(self, trigger: HttpCallTrigger, event: Any) -> dict[str, Any]:
        self.said += trigger.log.said
        if isinstance(event, TaskFailedEvent):
            raise Failed(trigger.log.said[-1])
        if not isinstance(event, TaskSuccessEvent):
            raise AirflowException(str(event.payload))
        return self.xcoms["return_value"]

    @staticmethod
    async def _event(trigger: HttpCallTrigger) -> Any:
        return await anext(aiter(trigger.run()))


class Log:
    """What the task's log says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, message: str, *arguments: object) -> None:
        self.said.append(message % arguments)

    warning = error = info
