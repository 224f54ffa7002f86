"""From Airflow's rows to what happened: pure, so that a table of cases can say it all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hookline.steps.transition import (
    COMPLETED,
    CREATED,
    DEFERRED,
    FAILED,
    RUN_FAILED,
    RUN_STARTED,
    RUN_SUCCEEDED,
    SKIPPED,
    UP_FOR_RETRY,
    Transition,
)

_ENDS = {"success": COMPLETED, "failed": FAILED, "skipped": SKIPPED, "up_for_retry": UP_FOR_RETRY}
_BEGUN = frozenset(
    {
        "scheduled",
        "queued",
        "running",
        "restarting",
        "deferred",
        "awaiting_input",
        "up_for_reschedule",
        "up_for_retry",
        "success",
        "failed",
    }
)
"""States that a try has only after it left the state none."""

LOGGED = frozenset(
    {
        "running",
        "deferred",
        "awaiting_input",
        "up_for_reschedule",
        "up_for_retry",
        "success",
        "failed",
        "skipped",
    }
)
"""Events of the ``log`` table that are states of a step."""


@dataclass(frozen=True, slots=True)
class Step:
    """A row of ``task_instance``."""

    run: int
    task_id: str
    map_index: int
    try_number: int
    state: str | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of ``log`` whose event is a state of a step.

    :param by_api: whether the execution API wrote it, which says ``failed`` only of what is final. The
        scheduler says it of every failure it finds, as of a killed worker
        (``TaskInstance.fetch_handle_failure_context``).
    """

    run: int
    task_id: str
    map_index: int
    try_number: int
    event: str
    by_api: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """A row of ``task_instance_history``: a try that was retried or cleared.

    Its state is ``failed`` as well where the try had not ended when it was cleared
    (``TaskInstanceHistory.record_ti``), so alone it proves no failure.
    """

    run: int
    task_id: str
    map_index: int
    try_number: int
    state: str | None
    max_tries: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """A row of ``dag_run``."""

    run: int
    state: str
    clear_number: int
    started: bool


def of_step(step: Step) -> Iterator[Transition]:
    """Tell what must have happened for a step to be in its state."""
    key = (step.run, step.task_id, step.map_index, step.try_number)
    if step.try_number > 0 and step.state in _BEGUN:
        yield Transition(*key, CREATED)
    if step.state == "deferred":
        yield Transition(*key, DEFERRED)
    if step.state in _ENDS:
        yield Transition(*key, _ENDS[step.state])


def of_log(row: Logged) -> Iterator[Transition]:
    """Tell what a row of the log says by itself; ``failed`` by the scheduler says too little."""
    key = (row.run, row.task_id, row.map_index, row.try_number)
    if row.try_number > 0 and row.event in LOGGED:
        yield Transition(*key, CREATED)
    if row.event == "deferred":
        yield Transition(*key, DEFERRED)
    if row.event in _ENDS and (row.by_api or row.event != "failed"):
        yield Transition(*key, _ENDS[row.event])


def of_failure(row: Logged, present: int | None, *, recorded: bool) -> Iterator[Transition]:
    """Tell what a failure that the scheduler logged says, once the step has gone on.

    A try that failed before it ran, as where no api-server was there to start it, is retried in its row and
    not put into the history (``TaskInstance.fetch_handle_failure_context``).

    :param present: the step's try now; None if it is not known.
    :param recorded: whether the history has the try, which says more then.
    """
    if present is not None and present > row.try_number > 0 and not recorded:
        yield Transition(row.run, row.task_id, row.map_index, row.try_number, UP_FOR_RETRY)


def of_past(past: Past, *, failure_logged: bool) -> Iterator[Transition]:
    """Tell what a past try says.

    :param failure_logged: whether the scheduler logged a failure of this try.
    """
    key = (past.run, past.task_id, past.map_index, past.try_number)
    if past.try_number > 0:
        yield Transition(*key, CREATED)
    if past.state in ("success", "skipped"):
        yield Transition(*key, _ENDS[past.state])
    elif past.state == "failed" and failure_logged:
        # As `TaskInstance.is_eligible_to_retry` decided; clearing raises max_tries only afterwards.
        again = past.max_tries is not None and past.try_number <= past.max_tries
        yield Transition(*key, UP_FOR_RETRY if again else FAILED)


def of_run(run: Run) -> Iterator[Transition]:
    """Tell what must have happened for a run to be in its state; clearing it begins anew."""
    key = (run.run, "", -1, run.clear_number + 1)
    if run.started and run.state in ("running", "success", "failed"):
        yield Transition(*key, RUN_STARTED)
    if run.state == "success":
        yield Transition(*key, RUN_SUCCEEDED)
    if run.state == "failed":
        yield Transition(*key, RUN_FAILED)
