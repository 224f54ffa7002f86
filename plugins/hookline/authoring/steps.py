"""Step webhooks in code: they travel with the serialised Dag, in its ``default_args``, and reach no task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, TaskGroup

from hookline.exceptions import ConfigurationError
from hookline.steps import definition
from hookline.steps.declared import KEY, MARK, TAG, VERSION
from hookline.steps.definition import StepWebhook
from hookline.steps.transition import OF_RUNS, OF_STEPS

if TYPE_CHECKING:
    from airflow.sdk.definitions._internal.abstractoperator import AbstractOperator


def step_webhooks(of: Any, *webhooks: StepWebhook) -> Any:
    """Tell other systems what happens to a step, to each step of a group, or to each of a Dag.

    Steps that are added to the group or the Dag later have them too. Triggers of runs belong to the Dag.

    :param of: a task (or what calling a ``@task`` returned), a ``TaskGroup`` or a ``DAG``.
    :returns: ``of``.
    :raises ConfigurationError: ``of`` is none of these, or the Dag has another webhook of the name.
    """
    step = getattr(of, "operator", of)
    dag = step if isinstance(step, DAG) else getattr(step, "dag", None)
    if not isinstance(dag, DAG):
        raise ConfigurationError(f"step_webhooks needs a task, a task group or a Dag, not {of!r}")
    for webhook in webhooks:
        _declare(dag, step, webhook)
    return of


def _declare(dag: DAG, step: Any, webhook: StepWebhook) -> None:
    if not isinstance(webhook, StepWebhook):
        raise ConfigurationError(f"{webhook!r} is no StepWebhook")
    of_run = [one for one in webhook.triggers if one in OF_RUNS]
    if of_run and step is not dag:
        raise ConfigurationError(
            f"step webhook `{webhook.name}`: {of_run[0]} is about a run; declare it on the Dag"
        )
    declared = dag.default_args.setdefault(KEY, {"version": VERSION, "webhooks": {}, "steps": {}, "run": []})
    known = declared["webhooks"].setdefault(webhook.name, webhook.as_json())
    if definition.parse(known) != definition.parse(webhook.as_json()):
        raise ConfigurationError(f"the Dag `{dag.dag_id}` has two step webhooks named `{webhook.name}`")
    dag.tags.add(TAG)
    if of_run and webhook.name not in declared["run"]:
        declared["run"].append(webhook.name)
    if any(one in OF_STEPS for one in webhook.triggers):
        for task in _tasks(step):
            _attach(declared, task, webhook)
        if isinstance(step, DAG | TaskGroup):
            _attach_later(dag, step, declared, webhook)


def _tasks(step: Any) -> Iterable[AbstractOperator]:
    if isinstance(step, DAG):
        return list(step.tasks)
    return list(step.iter_tasks()) if isinstance(step, TaskGroup) else [step]


def _attach(declared: dict[str, Any], task: Any, webhook: StepWebhook) -> None:
    names = declared["steps"].setdefault(task.task_id, [])
    if webhook.name in names:
        return
    if not names:
        _mark(task)
    names.append(webhook.name)


def _attach_later(dag: DAG, step: Any, declared: dict[str, Any], webhook: StepWebhook) -> None:
    add = dag.add_task

    def add_with_webhook(task: Any) -> None:
        add(task)
        if step is dag or _within(task, step):
            _attach(declared, task, webhook)

    object.__setattr__(dag, "add_task", add_with_webhook)


def _within(task: Any, group: TaskGroup) -> bool:
    above = task.task_group
    while above is not None:
        if above.group_id == group.group_id:  # not by identity: a group may be known by a weak reference
            return True
        above = above.task_group
    return False


def _mark(task: Any) -> None:
    shown = f"{task.label}{MARK}"
    if task.is_mapped:
        task.partial_kwargs["task_display_name"] = shown
    else:
        task._task_display_name = shown  # noqa: SLF001  what `task_display_name` sets
