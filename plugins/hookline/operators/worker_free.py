"""Whether a call can do without a worker, and what the triggerer is given.

A task with ``start_from_trigger`` is sent from the scheduler straight to a triggerer (``defer_task`` in
``airflow/models/taskinstance.py``). Airflow runs no hook of the task there, knows no pool, no limit of active
tasks and no outlets, and writes the XCom past a custom backend; of the callbacks it runs those of failures
(``_execute_task_callbacks`` in ``airflow/dag_processing/processor.py``). So whatever asks for one of the rest
stays on a worker. The decision is read when the Dag is serialised, after everything was set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import jinja2

from hookline.authoring import MARKER, EventGuard, MissingEvent
from hookline.hooks import arguments, storage
from hookline.http.pagination import RULES, Pagination

if TYPE_CHECKING:
    from airflow.triggers.base import StartTriggerArgs as Args

    from hookline.operators.http import HttpConnectorOperator
    from hookline.operators.webhook import WebhookResponseOperator

    Task: TypeAlias = HttpConnectorOperator | WebhookResponseOperator

_NEEDING = (
    "executor",
    "executor_config",
    "outlets",
    "on_execute_callback",
    "on_success_callback",
    "retry_policy",
    "run_as_user",
    "returns_dag_result",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
)
_XCOM_BACKEND = "airflow.sdk.execution_time.xcom.BaseXCom"


class StartFromTrigger:
    """The attribute ``start_from_trigger``; False on the class, as mapped tasks look there."""

    def __get__(self, task: Task | None, owner: type) -> bool:
        """Return whether the task starts in the triggerer."""
        return task is not None and bool(task.deferrable) and obstacle(task) is None


class StartTriggerArgs:
    """The attribute ``start_trigger_args``: the trigger, None where a worker is needed."""

    def __get__(self, task: Task | None, owner: type) -> Args | None:
        """Return what Airflow makes the trigger from."""
        if task is None or not task.start_from_trigger:
            return None
        from airflow.triggers.base import StartTriggerArgs as Made

        return Made(
            trigger_cls=task.trigger,
            next_method="execute_complete",
            # One text, since what Airflow makes of nested values differs from step to step.
            trigger_kwargs={"call": arguments.to_json(_arguments(task), _reference)},
        )


def default() -> bool:
    """Return ``[operators] default_deferrable``."""
    from airflow.sdk.configuration import conf

    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def obstacle(task: Task) -> str | None:
    """Return why the task needs a worker, None if it does not."""
    return _of_task(task) or _of_hooks(task) or _of_dag(task) or _of_airflow(task) or _of_call(task)


def _of_task(task: Any) -> str | None:
    if task.is_mapped or task.get_closest_mapped_task_group() or task._BaseOperator__from_mapped:  # noqa: SLF001
        return "it is a mapped task"
    if not type(task).execute.__module__.startswith("hookline.operators."):
        return f"{type(task).__name__} has an execute of its own"
    if task.pool != "default_pool" or task.pool_slots != 1:
        return f"it takes slots of the pool {task.pool}"
    if task.queue != _default_queue():
        return f"it waits in the queue {task.queue}"
    for name in _NEEDING:
        if getattr(task, name, None):
            return f"it has {name}"
    return None


def _default_queue() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("operators", "default_queue", fallback="default"))


def _of_hooks(task: Any) -> str | None:
    hook = task._pre_execute_hook  # noqa: SLF001  what `pre_execute` sets
    if (hook.theirs if isinstance(hook, EventGuard) else hook) or task._post_execute_hook:  # noqa: SLF001
        return "it has pre_execute or post_execute"
    return None


def _of_airflow(_task: Any) -> str | None:
    from airflow.sdk.configuration import conf

    if conf.get("core", "xcom_backend", fallback=_XCOM_BACKEND) not in {"", _XCOM_BACKEND}:
        return "Airflow has a custom XCom backend"
    return None


def _of_dag(task: Any) -> str | None:
    dag = task.get_dag()
    if dag is not None and next(task.iter_mapped_dependants(), None) is not None:
        return "a mapped task expands over its output"
    for name in ("user_defined_macros", "user_defined_filters", "jinja_environment_kwargs"):
        if dag is not None and getattr(dag, name, None):
            return f"its Dag has {name}"
    if dag is not None and dag.template_undefined not in {jinja2.StrictUndefined, MissingEvent}:
        return "its Dag has template_undefined"
    return None


def _of_call(task: Task) -> str | None:
    given = task.arguments()
    for name in ("response_filter", "response_check", "pagination"):
        value = given.get(name)
        if callable(value) and not hasattr(value, "to_json"):
            return f"{name} is a function"
    if isinstance(rule := given.get("pagination"), Pagination) and rule.kind not in RULES:
        return "its pagination is a rule of your own"
    if storage.is_local(given.get("body")):
        return "it sends a file of the worker's, or bytes"
    if arguments.is_local(given.get("save_to")):
        return "it saves to the worker's disk"
    try:
        arguments.to_json(_arguments(task), _reference)
    except (TypeError, ValueError) as error:
        return f"its arguments cannot travel as JSON: {error}"
    return None


def _arguments(task: Task) -> dict[str, Any]:
    dag = task.get_dag()
    return {
        **task.arguments(),
        **{name: getattr(task, name) for name in ("http_conn_id", "log_response") if hasattr(task, name)},
        "templates": list(task.template_fields),
        "push": task.do_xcom_push,
        "native": bool(dag is not None and dag.render_template_as_native_obj),
        "event": bool(dag is not None and MARKER in dag.default_args),
    }


def _reference(value: Any) -> Any:
    from airflow.sdk.definitions.xcom_arg import PlainXComArg

    if isinstance(value, PlainXComArg):
        if value.operator.is_mapped or value.operator.get_closest_mapped_task_group():
            raise TypeError("the output of a mapped task")
        return {arguments.XCOM: [value.operator.task_id, value.key]}
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, set | frozenset | range):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")
