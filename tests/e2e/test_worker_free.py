"""Calls that the triggerer makes, from the scheduler to the end of the task, and what falls back."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from demo.stack import Stack
from tests.e2e.api import Api
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e


def start(driver: Driver, dag_id: str, conf: dict[str, Any] | None = None) -> str:
    driver.wait_for_dags(dag_id)
    return str(driver.trigger(dag_id, conf or {}).json()["dag_run_id"])


def test_a_call_runs_in_the_triggerer_and_leaves_its_xcom(driver: Driver, api: Api) -> None:
    run_id = start(driver, "lanes.free")

    assert driver.finished("lanes.free", run_id) == "success"
    assert driver.xcom("lanes.free", run_id, "first")["status"] == 200
    assert driver.xcom("lanes.free", run_id, "second")["body"] == "an-answer-nobody-logs"
    for task in ("first", "second"):
        assert not driver.instance("lanes.free", run_id, task)["pid"], "a worker process ran"


def test_templates_and_outputs_are_rendered_in_the_triggerer(driver: Driver, api: Api) -> None:
    run_id = start(driver, "lanes.free")
    driver.finished("lanes.free", run_id)

    got = [
        one
        for one in api.requests("/things")
        if run_id in one["query"].replace("%3A", ":").replace("%2B", "+")
    ]
    body = json.loads(api.requests("/others")[-1]["body"])

    assert len(got) == 1
    assert body["all"]["body"] == {"id": "an-answer-nobody-logs"}
    assert (body["status"], body["none"]) == ("200", None)


def test_the_log_has_the_call_and_not_the_answer(driver: Driver) -> None:
    run_id = start(driver, "lanes.free")
    driver.finished("lanes.free", run_id)

    log = driver.log("lanes.free", run_id, "first")

    assert "GET http://127.0.0.1" in log
    assert "/things -> 200" in log
    assert "an-answer-nobody-logs" not in log


def test_native_templates_stay_what_they_are(driver: Driver, api: Api) -> None:
    run_id = start(driver, "lanes.native")

    assert driver.finished("lanes.native", run_id) == "success"
    assert json.loads(api.requests("/native")[-1]["body"]) == {"n": 2}


@pytest.mark.parametrize(("name", "why"), [("outlets", "it has outlets"), ("mapped", "it is a mapped task")])
def test_what_the_triggerer_cannot_do_runs_on_a_worker_and_says_why(
    driver: Driver, name: str, why: str
) -> None:
    run_id = start(driver, f"lanes.{name}")

    assert driver.finished(f"lanes.{name}", run_id) == "success"
    log = driver.log(f"lanes.{name}", run_id, "call", 0 if name == "mapped" else None)
    assert log.count("Runs on a worker, although deferrable") == 1
    assert why in log


def test_a_refused_call_fails_its_task_with_the_reason(driver: Driver) -> None:
    run_id = start(driver, "lanes.refused")

    assert driver.finished("lanes.refused", run_id) == "failed"
    assert "/status/404 -> 404" in driver.log("lanes.refused", run_id, "call")


def test_a_call_is_tried_again(driver: Driver, api: Api) -> None:
    run_id = start(driver, "lanes.again")

    assert driver.finished("lanes.again", run_id) == "success"
    assert "-> 503" in driver.log("lanes.again", run_id, "call")


def test_a_long_wait_holds_no_worker(driver: Driver, api: Api) -> None:
    run_id = start(driver, "lanes.later")

    for task in ("worker", "free"):
        wait_for(
            lambda task=task: (
                driver.instance("lanes.later", run_id, task)["state"] == "deferred"
                and "600" in driver.log("lanes.later", run_id, task)
            ),
            60,
            f"{task} to wait",
        )


def test_an_event_dag_calls_for_an_event_only(driver: Driver, api: Api) -> None:
    without = start(driver, "lanes.event")
    with_event = start(driver, "lanes.event", {"data": {"who": "Ada", "customer": "Ada"}})

    assert driver.finished("lanes.event", with_event) == "success"
    assert driver.finished("lanes.event", without) == "failed"
    for task in ("call", "careless"):
        assert driver.instance("lanes.event", without, task)["state"] == "failed"
        assert "carries no event" in driver.log("lanes.event", without, task)
    assert {json.loads(one["body"])["who"] for one in api.requests("/event")} == {"Ada"}


def test_a_triggerer_killed_during_a_call_does_not_send_it_twice(
    stack: Stack, driver: Driver, api: Api
) -> None:
    run_id = start(driver, "lanes.slow")
    wait_for(lambda: len(api.requests("/slow")) >= 2, 60, "both calls")

    stack.components["triggerer"].kill(signal.SIGKILL)
    stack.components["triggerer"].restart()

    assert driver.finished("lanes.slow", run_id, 180) == "failed"
    once, keyed = api.requests("/slow/once"), api.requests("/slow/keyed")
    assert len(once) == 1
    assert "not sent again" in driver.log("lanes.slow", run_id, "once")
    assert len({one["headers"]["idempotency-key"] for one in keyed}) == 1
    assert len(keyed) == 2
    assert "Sent again with the same Idempotency-Key" in driver.log("lanes.slow", run_id, "keyed")
    assert driver.instance("lanes.slow", run_id, "keyed")["state"] == "success"
