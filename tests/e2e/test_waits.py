"""Tasks that wait for events: parked without a worker, woken by the server, whatever is stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from urllib.parse import quote

import pytest
import requests

from demo.ports import free_port
from demo.stack import COMMANDS, airflow
from tests.e2e.api import Api
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e

PARKED = "awaiting_input"
STOPPED = float(os.environ.get("HOOKLINE_STOPPED", "0"))
STOPPED_DAGS = ("one", "several", "mapped", "link")


def start(driver: Driver, dag_id: str, **conf: object) -> str:
    driver.wait_for_dags(dag_id)
    return str(driver.trigger(dag_id, conf).json()["dag_run_id"])


def call(base: str, event: str, correlation: str, data: object = None) -> str:
    """Send an event of the partner; return its id."""
    url = f"{base}/hooks/in/partner/{event}?correlation={quote(correlation, safe='')}"
    answer = requests.post(url, json=data or {"ok": True}, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["event_id"])


def states(driver: Driver, dag_id: str, run_id: str) -> list[str | None]:
    path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=100"
    found = (driver.stack.api("GET", path).json() or {}).get("task_instances", [])
    return [one["state"] for one in sorted(found, key=lambda one: one["map_index"])]


def wait_until(driver: Driver, dag_id: str, run_id: str, *expected: str) -> None:
    try:
        wait_for(lambda: states(driver, dag_id, run_id) == list(expected), 60, f"{dag_id} to be {expected}")
    except AssertionError as error:
        logs = driver.stack.home.path.glob(f"logs/dag_id={dag_id}/run_id={run_id}/**/*.log")
        said = "\n".join(log.read_text(encoding="utf-8")[-4000:] for log in sorted(logs))
        raise AssertionError(f"{error}; it is {states(driver, dag_id, run_id)}\n{said}") from None


def returned(driver: Driver, dag_id: str, run_id: str, task_id: str = "wait") -> object:
    assert driver.finished(dag_id, run_id) == "success"
    return driver.xcom(dag_id, run_id, task_id)


def pushed(driver: Driver, dag_id: str, run_id: str, task_id: str, key: str) -> str:
    path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/xcomEntries/{key}"
    return str(driver.stack.api("GET", path).json()["value"])


def test_a_task_goes_on_with_the_event_that_it_waits_for(driver: Driver) -> None:
    run_id = start(driver, "waits.one")
    wait_until(driver, "waits.one", run_id, PARKED)
    for event, data in (("sent.now", None), ("paid.now", {"ok": False})):
        call(driver.stack.url, event, run_id, data)
    right = call(driver.stack.url, "paid.now", run_id, {"ok": True, "__classname__x": 1})
    event = returned(driver, "waits.one", run_id)
    assert (event["id"], event["data"]["ok"]) == (right, True)


def test_an_event_that_comes_before_the_wait_counts(driver: Driver) -> None:
    run_id = f"manual__{uuid.uuid4()}"
    driver.wait_for_dags("waits.one")
    body = {"logical_date": None, "dag_run_id": run_id, "conf": {}}
    driver.stack.api("POST", "/dags/waits.one/dagRuns", body)
    wait_for(lambda: driver.run("waits.one", run_id)["start_date"], 30, "the run to start")
    sent = call(driver.stack.url, "paid.early", run_id)
    assert returned(driver, "waits.one", run_id)["id"] == sent


def test_of_mapped_tasks_the_right_one_goes_on(driver: Driver) -> None:
    run_id = start(driver, "waits.mapped")
    wait_until(driver, "waits.mapped", run_id, PARKED, PARKED, PARKED)
    call(driver.stack.url, "paid", f"{run_id}/1")
    wait_until(driver, "waits.mapped", run_id, PARKED, "success", PARKED)


def test_three_different_events(driver: Driver) -> None:
    run_id = start(driver, "waits.several")
    sent = [call(driver.stack.url, "piece", run_id) for _ in range(3)]
    assert [event["id"] for event in returned(driver, "waits.several", run_id)] == sent


def test_the_end_of_the_time_skips_softly(driver: Driver) -> None:
    run_id = start(driver, "waits.soft")
    wait_until(driver, "waits.soft", run_id, "skipped")


def test_a_call_waits_for_its_callback(driver: Driver, api: Api) -> None:
    run_id = start(driver, "waits.callback")
    event = returned(driver, "waits.callback", run_id, "ask")
    assert event["type"] == "callback"
    assert len(api.requests("/callback")) == 1


def test_an_event_of_a_watched_source_is_one_asset_event(driver: Driver) -> None:
    driver.wait_for_dags("waits.asset")
    call(driver.stack.url, "unwatched", "x")
    sent = call(driver.stack.url, "watched.now", "x")
    run = wait_for(lambda: driver.runs("waits.asset"), 60, "the run of the asset")[0]
    assert returned(driver, "waits.asset", run["dag_run_id"], "read") == [sent]


def test_a_partitioned_dag_runs_for_each_key(driver: Driver) -> None:
    driver.wait_for_dags("waits.partitioned")
    keys = [uuid.uuid4().hex for _ in range(2)]
    url, kind = f"{driver.stack.url}/hooks/in/partner", "application/cloudevents+json"
    event = {"specversion": "1.0", "id": keys[0], "source": "till", "type": "part.sold", "subject": keys[0]}
    answer = requests.post(url, data=json.dumps(event), headers={"Content-Type": kind}, timeout=30)
    assert answer.status_code == 202, answer.text
    call(driver.stack.url, "part.sold", keys[1])
    runs = wait_for(lambda: len(found := driver.runs("waits.partitioned")) == 2 and found, 60, "two runs")
    found = [returned(driver, "waits.partitioned", run["dag_run_id"], "key") for run in runs]
    assert sorted(found) == sorted(keys)


def test_events_that_come_while_everything_stands_still(driver: Driver) -> None:
    """``HOOKLINE_STOPPED`` says for how many seconds longer than it takes to send them."""
    stack, port = driver.stack, free_port()
    gateway = stack.spawn("wait-gateway", airflow("hookline", "gateway", "--port", str(port)))
    one, several, mapped, link = (start(driver, f"waits.{name}") for name in STOPPED_DAGS)
    for name, run_id in zip(STOPPED_DAGS, (one, several, mapped, link), strict=True):
        wait_until(driver, f"waits.{name}", run_id, *[PARKED] * (3 if name == "mapped" else 1))
    watched = len(driver.runs("waits.asset"))
    token = pushed(driver, "waits.link", link, "ask", "resume_url").rpartition("/")[2]
    before = call(stack.url, "piece", several)
    base = f"http://127.0.0.1:{port}"
    wait_for(lambda: reachable(base), 60, "the gateway")
    for name in COMMANDS:
        stack.components[name].kill(signal.SIGKILL)
    try:
        sent = call(base, "paid.meanwhile", one)
        pieces = [before, *(call(base, "piece", several) for _ in range(2))]
        call(base, "paid", f"{mapped}/1")
        update = call(base, "watched.meanwhile", "x")
        assert requests.post(f"{base}/hooks/resume/{token}", json="yes", timeout=30).status_code == 200
        time.sleep(STOPPED)
    finally:
        # The api-server first: a worker that cannot reach its execution API fails its task.
        stack.components["api-server"].restart()
        wait_for(lambda: reachable(stack.url), 60, "the api-server")
        for name in COMMANDS:
            if name != "api-server":
                stack.components[name].restart()
    stack.wait_ready(120)
    assert returned(driver, "waits.one", one)["id"] == sent
    assert [event["id"] for event in returned(driver, "waits.several", several)] == pieces
    assert returned(driver, "waits.link", link, "ask") == "yes"
    wait_until(driver, "waits.mapped", mapped, PARKED, "success", PARKED)
    wait_for(lambda: len(driver.runs("waits.asset")) > watched, 60, "the run of the asset")
    newest = max(driver.runs("waits.asset"), key=lambda run: run["run_after"])
    assert returned(driver, "waits.asset", newest["dag_run_id"], "read") == [update]
    gateway.kill(signal.SIGTERM)


def reachable(base: str) -> bool:
    try:
        return requests.get(f"{base}/hooks/health/live", timeout=1).ok
    except requests.RequestException:
        return False
