"""Rendering an operator's arguments in the triggerer, where there is no Dag file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from airflow.sdk.definitions._internal.templater import Templater, create_template_env

from hookline.hooks import arguments, storage


class NeedsWorker(Exception):
    """Only a worker can do this call; the message says why."""


class _Output:
    """The output of another task; Airflow's templater resolves it."""

    def __init__(self, task_id: str, key: str) -> None:
        self._task_id = task_id
        self._key = key

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return context["ti"].xcom_pull(task_ids=self._task_id, key=self._key)


class _TaskInstance:
    """A task instance whose ``xcom_pull`` asks what a triggerer may ask.

    Without ``map_indexes`` Airflow asks for all indexes of a task, which a triggerer's supervisor leaves
    unanswered (``ToTriggerSupervisor`` in ``airflow/jobs/triggerer_job_runner.py``).
    """

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)

    def xcom_pull(self, task_ids: Any = None, *args: Any, **kwargs: Any) -> Any:
        wanted = [task_ids] if isinstance(task_ids, str) else task_ids or []
        dag = self._instance.task.dag
        for task_id in wanted:
            if kwargs.get("dag_id", dag.dag_id) == dag.dag_id and _is_mapped(dag.get_task(task_id)):
                raise NeedsWorker(f"it uses the output of the mapped task {task_id}")
        return self._instance.xcom_pull(task_ids, *args, **{"map_indexes": None, **kwargs})


def _is_mapped(task: Any) -> bool:
    return bool(task.is_mapped or task.get_closest_mapped_task_group())


class _Renderer(Templater):
    template_ext = ()

    def __init__(self, native: bool) -> None:
        self.render_template_as_native_obj = native


def rendered(
    given: Mapping[str, Any], context: Any, undefined: type[jinja2.StrictUndefined] | None
) -> dict[str, Any]:
    """Return ``given`` with its templates rendered and the outputs of other tasks in place.

    :param undefined: what a missing name becomes; Airflow's default without it.
    :raises NeedsWorker: it turned out to need a worker's disk.
    """
    native = given["native"]
    environment = create_template_env(native=native, template_undefined=undefined or jinja2.StrictUndefined)
    renderer = _Renderer(native)
    instance = _TaskInstance(context["ti"])
    context = {**context, "ti": instance, "task_instance": instance}
    result = dict(given)
    for name in given["templates"]:
        if given.get(name):  # as on a worker: a native template of nothing would be None
            result[name] = renderer.render_template(_with_outputs(given[name]), context, environment, set())
    if storage.is_local(result.get("body")):
        raise NeedsWorker("the body holds a file of a worker's")
    if arguments.is_local(result.get("save_to")):
        raise NeedsWorker("it saves to the worker's disk")
    return result


def _with_outputs(value: Any) -> Any:
    # Before rendering: what is rendered is data, and must not become an output or a file.
    if isinstance(value, list):
        return [_with_outputs(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {arguments.XCOM}:
            return _Output(*value[arguments.XCOM])
        if value.keys() == {storage.ATTACHMENT}:
            return storage.Attachment(*map(_with_outputs, value[storage.ATTACHMENT]))
        return {key: _with_outputs(item) for key, item in value.items()}
    return value
