"""A call that waits for its callback: what its templates know, and what it waits for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, TaskAwaitingInput

from hookline.exceptions import ConfigurationError
from hookline.hooks.http import HttpConnectorHook
from hookline.operators.callback import HttpCallAndWaitOperator

TRY = UUID("0190f0a1-0000-7000-8000-000000000001")
BODY = {"url": "{{ callback_url }}", "ref": "{{ correlation }}"}


class Instance(SimpleNamespace):
    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed = {key: value}


def context(**conf: Any) -> dict[str, Any]:
    now = datetime(2026, 9, 21, tzinfo=UTC)
    run = SimpleNamespace(conf=conf, start_date=now, run_after=now, run_type="manual")
    instance = Instance(id=TRY, map_index=-1, dag_id="flow", task_id="ask", run_id="1", try_number=1)
    return {"ti": instance, "dag_run": run}


def operator(**changed: Any) -> HttpCallAndWaitOperator:
    with DAG("flow"):
        arguments = {"task_id": "ask", "http_conn_id": "api", "source": "partner", "body": BODY, **changed}
        return HttpCallAndWaitOperator(**arguments)


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({}, f"http://localhost:8080/hooks/in/partner/callback?correlation={TRY}"),
        (
            {"callback_base_url": "https://hooks.example.com/", "callback_path": "/a/b c/"},
            f"https://hooks.example.com/hooks/in/partner/a/b%20c?correlation={TRY}",
        ),
        (
            {"source": "{{ dag_run.conf.who }}", "callback_path": ""},
            f"http://localhost:8080/hooks/in/other?correlation={TRY}",
        ),
    ],
    ids=["default", "gateway", "template"],
)
def test_the_templates_of_the_call_know_the_callback(changed: dict[str, Any], url: str) -> None:
    task = operator(**changed)
    task.render_template_fields(context(who="other"))
    assert task.body == {"url": url, "ref": str(TRY)}


class Lane:
    """A hook that answers, and says how often it was called."""

    calls = 0

    def answer(self, *_: Any, **__: Any) -> Any:
        Lane.calls += 1
        return SimpleNamespace(xcom=lambda: {"status": 202}, body="")


def test_it_parks_when_the_call_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpConnectorHook, "answer", Lane().answer)
    task, given = operator(timeout=60, condition="done"), context()
    task.render_template_fields(given)
    with pytest.raises(TaskAwaitingInput) as parked:
        task.execute(given)
    assert parked.value.timeout == timedelta(minutes=1)
    wait = parked.value.kwargs["hookline_wait"]
    assert (wait["source"], wait["correlation"], wait["condition"]) == ("partner", str(TRY), "done")
    assert given["ti"].pushed == {"answer": {"status": 202}}
    event = {"result": '{"id": "1"}'}
    assert task.on_events(given, event, wait) == {"id": "1"}
    assert Lane.calls == 1
    with pytest.raises(AirflowSensorTimeout, match="partner"):
        task.on_events(given, {"error_type": "timeout"}, wait)


def test_an_event_that_is_no_xcom_says_so() -> None:
    wait = {"source": "partner", "since": "2026-09-21T00:00:00+00:00"}
    with pytest.raises(AirflowFailException, match="__classname__"):
        operator().on_events(context(), {"result": r'{"data": [{"__class\u006eame__": 1}]}'}, wait)


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"condition": "a["}, "JMESPath"), ({"deferrable": True}, "worker"), ({"event_type": ""}, "event_type")],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"`ask`: .*{why}"):
        operator(**changed)
