"""What receivers get of a real Airflow's steps is what the reference documents."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from demo.rest import request_json
from demo.stack import REPOSITORY, Stack
from tests.e2e.api import Api
from tests.e2e.authentications import AUTHENTICATIONS, CERTIFICATE, verified
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e

REFERENCE = (REPOSITORY / "docs" / "reference" / "step-webhooks.md").read_text()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NO_INPUTS = {"templates_dict": None, "op_args": [], "op_kwargs": {}}
"""Of the step that is tried again."""
APPROVALS = ("one", "left", "right", "first", "second")
# Webhook, task, map index, try, transition: the heading of the reference.
DOCUMENTED = {
    ("steps", "large", None, 1, "completed"): "step.completed",
    ("steps", "approvals.one", None, 1, "completed"): "step.completed of an approval",
    ("steps", "fails", None, 1, "failed"): "step.failed",
    ("steps", "flaky", None, 1, "up_for_retry"): "step.up_for_retry",
    ("steps", "after_skip", None, 0, "skipped"): "step.skipped",
    ("steps", "waits", None, 1, "deferred"): "step.deferred",
    ("steps", "after_task", None, 1, "created"): "step.created after a task",
    ("steps", "after_tasks", None, 1, "created"): "step.created after tasks",
    ("steps", "approvals.after_one", None, 1, "created"): "step.created after an approval",
    ("steps", "approvals.after_both", None, 1, "created"): "step.created after parallel approvals",
    ("steps", "approvals.after_chain", None, 1, "created"): "step.created after sequential approvals",
    ("steps", "fails", None, 1, "created"): "step.created at the beginning of a run",
    ("runs", None, None, 1, "started"): "run.started",
    ("runs", None, None, 1, "failed"): "run.failed",
}
OF_EVENTS = {
    ("steps", "first", None, 1, "created"): "step.created after a form",
    ("runs", None, None, 1, "succeeded"): "run.succeeded",
}


def documented(heading: str) -> Any:
    """Return the payload below a heading of the reference."""
    found = re.search(
        rf"^### {re.escape(heading)}\n.*?```json\n(.*?)```", REFERENCE, re.DOTALL | re.MULTILINE
    )
    assert found, heading
    return json.loads(found[1])


def general(value: Any, key: str = "") -> Any:
    """Return a payload without what differs from run to run."""
    if isinstance(value, dict):
        made = {name: general(one, name) for name, one in value.items()}
        if key == "run" and "triggered_by" in made:
            made |= {"state": "…", "ended_at": "…", "id": "…"}
        if made.get("type") == "step.created":
            # As far as it had come when it was looked at.
            made["data"]["step"] |= {"state": "…", "started_at": "…"}
        if made.get("type") == "step.up_for_retry" and made["data"]["step"]["inputs"] == NO_INPUTS:
            # Airflow forgets them when the next try begins, which may be after the look.
            made["data"]["step"]["inputs"] = None
        return made
    if isinstance(value, list):
        return [general(one) for one in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return "a time"
    if key == "duration" and value is not None:
        return "seconds"
    return "an address" if key == "url" else value


def key_of(payload: dict[str, Any]) -> tuple[Any, ...]:
    data, step = payload["data"], payload["data"].get("step", {})
    number = step.get("try_number", data["run"]["number"])
    return data["webhook"], step.get("task_id"), step.get("map_index"), number, payload["type"].split(".")[1]


@pytest.fixture(scope="module")
def run(stack: Stack, driver_of_module: Driver) -> str:
    """A run of the Dag `steps` that has ended, all its questions answered."""
    driver = driver_of_module
    driver.wait_for_dags("steps", "chaos.told")
    run_id = str(driver.trigger("steps", {"hello": "you"}).json()["dag_run_id"])
    for name in APPROVALS:
        answer(stack, driver, run_id, f"approvals.{name}")
    assert driver.finished("steps", run_id, 120) == "failed"
    return run_id


@pytest.fixture(scope="module")
def driver_of_module(stack: Stack) -> Driver:
    return Driver(stack)


def answer(stack: Stack, driver: Driver, run_id: str, task_id: str) -> None:
    def parked() -> bool:
        # A step that goes on before the scheduler saw its process end is failed by it.
        log = (stack.home.path / "scheduler.log").read_text(errors="replace")
        key = rf"'{task_id}'[^\n]*'{re.escape(run_id)}'"
        return bool(re.search(rf"executor event with state success for task instance [^\n]*{key}", log))

    wait_for(parked, 120, f"{task_id} to be parked")
    path = f"/dags/steps/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/-1/hitlDetails"
    assert (
        stack.api("PATCH", path, {"chosen_options": ["Approve"], "params_input": {"limit": 7}}).status == 200
    )


def told(api: Api, run_id: str, *paths: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return what was received about a run, by what it is about."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for path in paths or ("/steps", "/runs"):
        for request in api.requests(path):
            payload = json.loads(request["body"])
            if payload["data"]["run"]["id"] == run_id:
                found.setdefault(key_of(payload), []).append(request | {"payload": payload})
    return found


@pytest.mark.parametrize("key", DOCUMENTED, ids=DOCUMENTED.get)
def test_a_payload_is_the_documented_one(run: str, api: Api, key: tuple[Any, ...]) -> None:
    [request] = wait_for(lambda: told(api, run).get(key), 30, f"{key} among {list(told(api, run))}")

    assert general(request["payload"]) == general(documented(DOCUMENTED[key]))


def test_an_id_is_sent_once_and_no_two_messages_share_one(run: str, api: Api) -> None:
    wait_for(lambda: ("runs", None, None, 1, "failed") in told(api, run), 30, "the end of the run")
    received = told(api, run)
    ids = [request["headers"]["webhook-id"] for requests in received.values() for request in requests]

    assert len(set(ids)) == len(received)


def test_what_did_not_happen_is_not_told(run: str, api: Api) -> None:
    happened = {(task, name) for _, task, _, _, name in told(api, run)}

    assert happened.isdisjoint(
        {("after_skip", "created"), ("after_skip", "completed"), ("fails", "completed"), ("flaky", "failed")}
    )
    assert {name for task, name in happened if task == "mapped"} == {"created", "completed"}
    assert {(task, number) for _, task, _, number, name in told(api, run) if name == "up_for_retry"} == {
        ("flaky", 1)
    }


def test_filter_headers_and_body_are_as_declared(run: str, api: Api) -> None:
    [request] = wait_for(lambda: api.requests("/chosen"), 30, "the chosen order")

    assert json.loads(request["body"]) == {"order": "A-7", "text": "Order A-7 is success"}
    assert request["headers"]["x-order"] == "A-7"


@pytest.fixture(scope="module")
def event_run(driver_of_module: Driver) -> str:
    """A run that a form began."""
    driver_of_module.wait_for_dags("chaos.told")
    conf = {
        "id": "f-1",
        "source": "chaos",
        "type": "told",
        "time": "2026-09-21T14:00:00.000000Z",
        "data": {"name": "Ada", "password": "a-secret"},
        "hookline": {"form": "public"},
    }
    run_id = str(driver_of_module.trigger("chaos.told", conf).json()["dag_run_id"])
    assert driver_of_module.finished("chaos.told", run_id, 90) == "success"
    return run_id


@pytest.mark.parametrize("key", OF_EVENTS, ids=OF_EVENTS.get)
def test_a_payload_of_an_event_s_run_is_the_documented_one(
    event_run: str, api: Api, key: tuple[Any, ...]
) -> None:
    [request] = wait_for(lambda: told(api, event_run).get(key), 30, str(key))

    assert general(request["payload"]) == general(documented(OF_EVENTS[key]))


@pytest.fixture(scope="module")
def runs(run: str, event_run: str) -> tuple[str, str]:
    return run, event_run


@pytest.fixture(scope="module")
def receivers(api: Api, tls_api: Api) -> tuple[Api, Api]:
    return api, tls_api


@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
@pytest.mark.parametrize("key", DOCUMENTED | OF_EVENTS, ids=(DOCUMENTED | OF_EVENTS).get)
def test_each_authentication_carries_each_documented_payload(
    runs: tuple[str, str], receivers: tuple[Api, Api], key: tuple[Any, ...], authentication: str
) -> None:
    receiver = receivers[authentication == CERTIFICATE]
    webhook = f"proven-{authentication}"

    def received() -> list[dict[str, Any]]:
        found = told(receiver, runs[key in OF_EVENTS], f"/proven/{authentication}")
        return found.get((webhook, *key[1:]), [])

    [request] = wait_for(received, 30, f"{key} by {webhook}")
    expected = documented((DOCUMENTED | OF_EVENTS)[key])
    expected["data"]["webhook"] = webhook
    assert general(verified(authentication, request)) == general(expected)


def test_a_killed_step_is_told_of_across_a_killed_scheduler_and_server(
    stack: Stack, driver: Driver, api: Api, tmp_path: Path
) -> None:
    driver.wait_for_dags("doomed")
    run_id = str(driver.trigger("doomed", {"pids": str(tmp_path)}).json()["dag_run_id"])
    for count in (1, 2):
        [pid] = wait_for(lambda count=count: last_pid(tmp_path, count), 90, f"try {count}")
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: driver.instance("doomed", run_id, "dies")["state"] == "failed", 60, "the failure")
    for name in ("scheduler", "api-server"):
        stack.components[name].kill(signal.SIGKILL)
        stack.components[name].restart()
    stack.wait_ready(180)

    def told_of() -> list[tuple[int, str]]:
        payloads = {request["headers"]["webhook-id"]: request["body"] for request in api.requests("/doomed")}
        found = [json.loads(body) for body in payloads.values()]
        return sorted((one["data"]["step"]["try_number"], one["type"]) for one in found)

    expected = [(1, "step.created"), (1, "step.up_for_retry"), (2, "step.created"), (2, "step.failed")]
    # Messages to one receiver overtake each other; what is looked for is that each comes, and no other.
    with contextlib.suppress(AssertionError):
        wait_for(lambda: len(told_of()) >= len(expected), 120, "all that is to be told")
    assert told_of() == expected


def last_pid(folder: Path, count: int) -> list[int]:
    """Return the last process that has said who it is, once so many have."""
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    return [int(files[-1].name)] if len(files) >= count else []


def test_a_step_whose_webhook_is_from_elsewhere_has_the_mark_of_one_in_code(driver: Driver) -> None:
    def ask(method: str, path: str, value: object = None) -> Any:
        answer = request_json(method, driver.stack.url + path, value, token=driver.stack.token())
        assert answer.status == 200, answer.body
        return answer.json()

    def names() -> list[set[str]]:
        graph = ask("GET", "/ui/structure/structure_data?dag_id=chaos.tick")["nodes"]
        return [
            {node["label"] for node in nodes}
            for nodes in (ask("GET", "/ui/grid/structure/chaos.tick"), graph)
        ]

    [before, _] = names()
    definition = {"conn_id": "api", "path": "/nowhere", "enabled": False}
    ask("PUT", "/hooks/api/v1/step-webhooks/marks", {"dag_id": "chaos.tick", "definition": definition})
    try:
        assert names() == [{f"{name} ↗" for name in before}] * 2
    finally:
        ask("DELETE", "/hooks/api/v1/step-webhooks/marks")
    assert names() == [before] * 2
