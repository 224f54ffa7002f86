"""A webhook starts a Dag, the Dag calls an HTTP API: on the ready Dags, with real payloads."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid

import pytest
import requests

from demo.echo import EchoServer
from hookline import catalog
from tests.e2e.conftest import SECRET
from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e


def last_call(echo: EchoServer, path: str) -> dict:
    return [call for call in echo.received()["received"] if call["path"] == path][-1]


def signed(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def deliver(driver: Driver, event: str, body: bytes, delivery: str) -> requests.Response:
    """Post what GitHub posts."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": signed(body),
    }
    return requests.post(f"{driver.stack.url}/hooks/in/github", data=body, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def push() -> bytes:
    return json.dumps(catalog.find("github.push").sample).encode()


def test_a_github_push_is_deployed_and_confirmed_and_told_to_the_channel(
    driver: Driver, echo: EchoServer, push: bytes
) -> None:
    delivery = str(uuid.uuid4())
    answer = deliver(driver, "push", push, delivery)

    assert (answer.status_code, answer.json()) == (
        202,
        {"event_id": delivery, "status": "accepted", "duplicate": False},
    )
    run_id = f"webhook__github__{delivery}"
    assert driver.finished("github.push", run_id) == "success"
    call = last_call(echo, "/messages")
    assert call["headers"]["Authorization"] == f"Bearer {SECRET}"
    assert (
        json.loads(call["body"])["text"]
        == "Codertocat pushed 1 commit(s) to Codertocat/Hello-World (refs/heads/master)"
    )
    returned = driver.xcom("github.push", run_id, "tell_channel")
    assert (returned["status"], returned["body"]["ok"]) == (200, True)
    deployment = last_call(echo, "/deployments")
    assert json.loads(deployment["body"]) == {
        "repository": "Codertocat/Hello-World",
        "ref": "refs/heads/master",
        "commit": json.loads(push)["after"],
    }
    confirmed = last_call(echo, f"/repos/Codertocat/Hello-World/statuses/{json.loads(push)['after']}")
    status = json.loads(confirmed["body"])
    assert (status["state"], status["context"]) == ("success", "deployment")
    started = driver.xcom("github.push", run_id, "start_deployment")["body"]["id"]
    assert status["description"] == f"Deployment {started} started"
    conf = driver.run("github.push", run_id)["conf"]
    assert conf["data"] == json.loads(push)
    assert "x-hub-signature-256" not in conf["hookline"]["headers"]


def test_a_platform_event_creates_the_person(driver: Driver, echo: EchoServer) -> None:
    answer = requests.post(
        f"{driver.stack.url}/hooks/in/platform/users/created",
        json=catalog.find("users.created").sample,
        auth=("platform", SECRET),
        timeout=10,
    )

    assert answer.status_code == 202
    run_id = f"webhook__platform__{answer.json()['event_id']}"
    assert driver.finished("users.created", run_id) == "success"
    assert json.loads(last_call(echo, "/people")["body"]) == {
        "username": "ada.lovelace",
        "name": "Ada Lovelace",
        "email": "ada.lovelace@example.com",
        "active": True,
    }


def test_the_same_dag_runs_from_the_rest_api(driver: Driver, echo: EchoServer) -> None:
    data = {"user": {"username": "grace.hopper", "displayName": "Grace Hopper", "email": "grace@example.com"}}

    started = driver.trigger("users.created", {"data": data})

    assert started.status == 200, started.body
    assert driver.finished("users.created", started.json()["dag_run_id"]) == "success"
    assert json.loads(last_call(echo, "/people")["body"])["username"] == "grace.hopper"


@pytest.mark.parametrize("event", ["users.updated", "users.deleted"])
def test_each_ready_dag_succeeds_on_its_sample(driver: Driver, event: str) -> None:
    started = driver.trigger(event, {"data": catalog.find(event).sample})

    assert driver.finished(event, started.json()["dag_run_id"]) == "success"


def test_githubs_ping_is_answered_and_starts_nothing(driver: Driver) -> None:
    body = b'{"zen":"Keep it logically awesome.","hook_id":1}'
    answer = deliver(driver, "ping", body, str(uuid.uuid4()))

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "event": "ping"})
