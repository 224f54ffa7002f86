"""What Airflow's rows mean, as a table."""

from __future__ import annotations

import pytest

from hookline.observe import transitions
from hookline.observe.transitions import Logged, Past, Run, Step

AT = None


@pytest.mark.parametrize(
    ("state", "try_number", "names"),
    [
        (None, 0, []),
        (None, 1, []),  # cleared
        ("scheduled", 1, ["created"]),
        ("queued", 1, ["created"]),
        ("running", 1, ["created"]),
        ("restarting", 1, ["created"]),
        ("awaiting_input", 1, ["created"]),
        ("up_for_reschedule", 1, ["created"]),
        ("deferred", 1, ["created", "deferred"]),
        ("up_for_retry", 1, ["created", "up_for_retry"]),
        ("success", 1, ["created", "completed"]),
        ("success", 0, ["completed"]),  # marked by a person before it began
        ("failed", 2, ["created", "failed"]),
        ("failed", 0, ["failed"]),
        ("skipped", 0, ["skipped"]),  # by the scheduler
        ("skipped", 1, ["skipped"]),  # by itself: the log says that it ran
        ("upstream_failed", 0, []),
        ("removed", 0, []),
    ],
)
def test_a_step_s_state_says_what_has_happened(state: str | None, try_number: int, names: list[str]) -> None:
    found = list(transitions.of_step(Step(1, "t", -1, try_number, state)))

    assert [one.name for one in found] == names
    assert {one.try_number for one in found} <= {try_number}


@pytest.mark.parametrize(
    ("event", "by_api", "names"),
    [
        ("running", True, ["created"]),
        ("deferred", True, ["created", "deferred"]),
        ("awaiting_input", True, ["created"]),
        ("success", True, ["created", "completed"]),
        ("skipped", True, ["created", "skipped"]),
        ("failed", True, ["created", "failed"]),
        ("failed", False, ["created"]),  # the scheduler's: perhaps it is tried again
        ("up_for_retry", True, ["created", "up_for_retry"]),
        ("trigger", False, []),
    ],
)
def test_a_row_of_the_log_says_what_has_happened(event: str, by_api: bool, names: list[str]) -> None:
    assert [one.name for one in transitions.of_log(Logged(1, "t", -1, 1, event, by_api, AT))] == names


@pytest.mark.parametrize(
    ("state", "try_number", "max_tries", "failure_logged", "names"),
    [
        ("success", 1, 0, False, ["created", "completed"]),
        ("skipped", 1, 0, False, ["created", "skipped"]),
        ("skipped", 0, 0, False, ["skipped"]),
        ("failed", 1, 2, True, ["created", "up_for_retry"]),
        ("failed", 3, 2, True, ["created", "failed"]),
        ("failed", 1, 0, True, ["created", "failed"]),
        ("failed", 1, 2, False, ["created"]),  # cleared while it waited: nothing failed
        ("failed", 1, None, True, ["created", "failed"]),
        (None, 1, 0, True, ["created"]),
    ],
)
def test_a_past_try_says_what_has_happened(
    state: str | None, try_number: int, max_tries: int | None, failure_logged: bool, names: list[str]
) -> None:
    past = Past(1, "t", -1, try_number, state, max_tries)

    assert [one.name for one in transitions.of_past(past, failure_logged=failure_logged)] == names


@pytest.mark.parametrize(
    ("try_number", "present", "recorded", "names"),
    [
        (1, 2, False, ["up_for_retry"]),  # no api-server was there to start it
        (1, 3, False, ["up_for_retry"]),
        (1, 2, True, []),  # the history says more
        (1, 1, False, []),  # the step's state says it
        (1, None, False, []),
        (0, 1, False, []),
    ],
)
def test_a_failure_that_the_scheduler_logged_is_a_retry_once_the_step_goes_on(
    try_number: int, present: int | None, recorded: bool, names: list[str]
) -> None:
    row = Logged(1, "t", -1, try_number, "failed", False, None)

    found = transitions.of_failure(row, present, recorded=recorded)
    assert [(one.name, one.try_number) for one in found] == [(name, try_number) for name in names]


@pytest.mark.parametrize(
    ("state", "started", "names"),
    [
        ("queued", False, []),
        ("queued", True, []),  # cleared
        ("running", True, ["run_started"]),
        ("success", True, ["run_started", "run_succeeded"]),
        ("failed", True, ["run_started", "run_failed"]),
        ("failed", False, ["run_failed"]),  # marked by a person before it began
    ],
)
def test_a_run_s_state_says_what_has_happened(state: str, started: bool, names: list[str]) -> None:
    found = list(transitions.of_run(Run(1, state, 2, started)))

    assert [one.name for one in found] == names
    assert {(one.task_id, one.map_index, one.try_number) for one in found} <= {("", -1, 3)}
