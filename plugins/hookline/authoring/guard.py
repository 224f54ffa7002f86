"""No event, no task: what keeps the tasks of an event Dag from running for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hookline.authoring.event import require_event

if TYPE_CHECKING:
    from airflow.sdk import DAG


def guard(built: DAG) -> None:
    """Guard every task of an event Dag, those that are added later too."""
    for task in built.tasks:
        _guard(task)
    built.default_args.pop("pre_execute", None)  # the tasks have it
    _send_to_a_worker(built)
    _guard_later_tasks(built)


def _guard(task: Any) -> None:
    # Not by `default_args`: a task's own `pre_execute`, which `@task.run_if` is made of, would replace it.
    if task.is_mapped:
        task.partial_kwargs["pre_execute"] = EventGuard(task.partial_kwargs.get("pre_execute"))
        return
    task._pre_execute_hook = EventGuard(task._pre_execute_hook)  # noqa: SLF001  what `pre_execute` sets
    if task.start_from_trigger and not getattr(task, "guards_events", False):
        task.start_from_trigger = False  # in the triggerer nothing would call the guard


def _guard_later_tasks(built: DAG) -> None:
    add = built.add_task

    def add_guarded(task: Any) -> None:
        add(task)
        _guard(task)
        _send_to_a_worker(built)

    # ``with on_push(): …`` adds tasks to a Dag that is complete already.
    object.__setattr__(built, "add_task", add_guarded)


def _send_to_a_worker(built: DAG) -> None:
    # The scheduler ends empty operators by itself, and a Dag of nothing else would end well without an event.
    empty: list[Any] = [task for task in built.tasks if task.inherits_from_empty_operator]
    alone = len(empty) == len(built.tasks)
    for task in empty:
        if task.is_mapped:
            continue
        callbacks = [callback for callback in task.on_execute_callback if callback is not _on_a_worker]
        task.on_execute_callback = [_on_a_worker, *callbacks] if alone else callbacks


def _on_a_worker(_context: Any) -> None:
    """Do nothing; an empty operator with a callback is run, and so its guard."""


class EventGuard:
    """The ``pre_execute`` of every task of an event Dag: no event, no task.

    :param theirs: the task's own ``pre_execute``, called after.
    """

    def __init__(self, theirs: Callable[[Any], None] | None) -> None:
        self.theirs = theirs

    def __call__(self, context: Any) -> None:
        """Let the task begin if its run carries an event.

        :raises AirflowFailException: it does not.
        """
        require_event(context)
        if self.theirs is not None:
            self.theirs(context)
