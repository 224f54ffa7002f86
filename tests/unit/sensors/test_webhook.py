"""What the sensor asks for when it is parsed, when it runs and when it is woken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskAwaitingInput,
)

from hookline.exceptions import ConfigurationError
from hookline.sensors.webhook import WebhookSensor

TRIGGERED = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
BEGAN = TRIGGERED + timedelta(minutes=5)
TIME_IS_UP = {"error": "passed", "error_type": "timeout"}


def sensor(**changed: Any) -> WebhookSensor:
    with DAG("flow"):
        return WebhookSensor(**{"task_id": "wait", "source": "shop", **changed})


def context(run_type: str = "manual", **conf: Any) -> dict[str, Any]:
    run = SimpleNamespace(conf=conf, start_date=BEGAN, run_after=TRIGGERED, run_type=run_type)
    return {"dag_run": run}


def parked(task: WebhookSensor, given: dict[str, Any]) -> TaskAwaitingInput:
    task.render_template_fields(given)
    with pytest.raises(TaskAwaitingInput) as raised:
        task.execute.__wrapped__(task, given)
    return raised.value


@pytest.mark.parametrize(
    ("changed", "run", "since"),
    [
        ({}, {}, TRIGGERED),
        ({}, {"run_type": "scheduled"}, BEGAN),
        ({}, {"run_type": "backfill"}, BEGAN),
        ({"since": "2026-01-01"}, {}, datetime(2026, 1, 1, tzinfo=UTC)),
        (
            {"since": "{{ dag_run.conf.at }}"},
            {"at": "2026-01-01T01:00:00+01:00"},
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ],
    ids=["triggered", "scheduled", "backfill", "given", "template"],
)
def test_since_when_events_count(changed: dict[str, Any], run: dict[str, Any], since: datetime) -> None:
    wait = parked(sensor(**changed), context(**run)).kwargs["hookline_wait"]
    assert datetime.fromisoformat(wait["since"]) == since


def test_since_the_wait_is_now() -> None:
    wait = parked(sensor(since="wait"), context()).kwargs["hookline_wait"]
    assert datetime.now(UTC) - datetime.fromisoformat(wait["since"]) < timedelta(minutes=1)


def test_the_wait_is_rendered() -> None:
    task = sensor(correlation="{{ dag_run.conf.order }}", within=timedelta(minutes=1), count=2, timeout=9)
    park = parked(task, context(order=7, source="shop", id="e1"))
    wait = park.kwargs["hookline_wait"]
    assert (wait["correlation"], wait["within"], wait["count"], wait["own_event"]) == ("7", 60.0, 2, "e1")
    assert (park.method_name, park.timeout) == ("on_events", timedelta(seconds=9))


@pytest.mark.parametrize("order", ["", None])
def test_a_template_that_finds_nothing_waits_for_nothing(order: str | None) -> None:
    task, given = sensor(correlation="{{ dag_run.conf.order }}"), context(order=order)
    task.render_template_fields(given)
    with pytest.raises(AirflowFailException, match="`correlation`"):
        task.execute.__wrapped__(task, given)


@pytest.mark.parametrize(("soft", "error"), [(False, AirflowSensorTimeout), (True, AirflowSkipException)])
def test_the_end_of_the_time(soft: bool, error: type[Exception]) -> None:
    task = sensor(soft_fail=soft)
    park = parked(task, context())
    with pytest.raises(error):
        task.resume_execution(park.method_name, {**park.kwargs, "event": TIME_IS_UP}, context())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"count": 0}, "count"),
        ({"within": -1}, "within"),
        ({"condition": "a["}, "JMESPath"),
        ({"since": "yesterday"}, "ISO 8601"),
        ({"event_type": ""}, "event_type"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_when_the_dag_is_parsed(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"`wait`: .*{why}"):
        sensor(**changed)
