"""Which Dags an event may start, and what happens to events that none takes."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from demo.echo import EchoServer
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e

NEW_DAG = '''"""An Airflow Dag that appears while its events wait."""

from airflow.providers.standard.operators.empty import EmptyOperator
from hookline.authoring import event_dag


@event_dag("chaos.{name}")
def appears():
    EmptyOperator(task_id="nothing")


appears()
'''


def run_id(delivery: str) -> str:
    return f"webhook__chaos__{delivery}"


def settle(driver: Driver) -> None:
    """Wait until the dispatcher has come past everything sent so far."""
    marker = str(uuid.uuid4())
    driver.post("tick", {"n": 0}, marker)
    wait_for(lambda: driver.run("chaos.tick", run_id(marker)), 30, "the marker's run")


@pytest.mark.parametrize("name", ["unmarked", "copied"])
def test_a_dag_without_a_marker_of_its_own_is_never_started(driver: Driver, name: str) -> None:
    assert driver.post(name, {}).status_code == 202

    settle(driver)

    assert driver.runs(f"chaos.{name}") == []


def test_events_wait_for_their_dag_to_appear(driver: Driver, dags_folder: Path) -> None:
    name = f"late{uuid.uuid4().hex[:8]}"
    deliveries = [str(uuid.uuid4()) for _ in range(3)]
    for delivery in deliveries:
        assert driver.post(name, {"n": 1}, delivery).status_code == 202

    (dags_folder / f"{name}.py").write_text(NEW_DAG.replace("{name}", name))

    for delivery in deliveries:
        wait_for(lambda d=delivery: driver.run(f"chaos.{name}", run_id(d)), 60, "the run of a held event")
    assert len(driver.runs(f"chaos.{name}")) == 3


def test_events_wait_for_their_dag_to_be_unpaused(driver: Driver) -> None:
    delivery = str(uuid.uuid4())
    driver.post("paused", {"n": 1}, delivery)
    settle(driver)
    assert driver.run("chaos.paused", run_id(delivery)) is None

    driver.stack.api("PATCH", "/dags/chaos.paused", {"is_paused": False})

    wait_for(lambda: driver.run("chaos.paused", run_id(delivery)), 30, "the run of a held event")


@pytest.mark.parametrize(
    ("case", "data", "status"),
    [
        ("the schema refuses", {"n": "one"}, 422),
        ("the scheduler cannot carry a number beyond 64 bits", {"n": 2**64}, 202),
        ("PostgreSQL refuses a NUL", {"n": 1, "text": "a\u0000b"}, 202),
        ("PostgreSQL refuses half a character", {"n": 1, "text": "\ud83d"}, 202),
    ],
    ids=["schema", "number", "nul", "surrogate"],
)
def test_an_event_that_airflow_refuses_does_not_take_others_along(
    driver: Driver, case: str, data: dict, status: int
) -> None:
    refused, *taken = (str(uuid.uuid4()) for _ in range(4))

    assert driver.post("strict", data, refused).status_code == status
    for delivery in taken:
        driver.post("strict", {"n": 1}, delivery)

    for delivery in taken:
        wait_for(lambda d=delivery: driver.run("chaos.strict", run_id(d)), 30, "the run of a good event")
    assert driver.run("chaos.strict", run_id(refused)) is None, case


@pytest.mark.parametrize(
    ("dag_id", "task"), [("users.created", "create_person"), ("github.push", "tell_channel")]
)
def test_a_ready_dag_without_an_event_says_so_at_once(driver: Driver, dag_id: str, task: str) -> None:
    run = driver.trigger(dag_id, {}).json()["dag_run_id"]

    assert driver.finished(dag_id, run) == "failed"
    assert "carries no event" in driver.log(dag_id, run, task)


@pytest.mark.parametrize("dag_id", ["chaos.sample", "chaos.late", "chaos.empty"])
def test_a_run_without_an_event_fails_and_never_uses_the_sample(
    driver: Driver, echo: EchoServer, dag_id: str
) -> None:
    started = driver.trigger(dag_id, {})

    assert started.status == 200
    run = started.json()["dag_run_id"]
    assert driver.finished(dag_id, run) == "failed"
    assert "carries no event" in driver.log(dag_id, run, "send")
    assert [call for call in echo.received()["received"] if call["path"] == "/from-params"] == []
