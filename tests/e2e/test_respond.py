"""Senders that wait for what a Dag answers."""

from __future__ import annotations

import json
import uuid

import pytest
import requests

from demo.echo import EchoServer
from hookline import catalog
from tests.e2e import systems
from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e


def ask(driver: Driver, event: str, data: object, delivery: str | None = None) -> requests.Response:
    """Post to the source that waits."""
    driver.wait_for_dags(f"waits.{event}")
    headers = {"X-Delivery-Id": delivery or str(uuid.uuid4())}
    return requests.post(f"{driver.stack.url}/hooks/in/waits/{event}", json=data, headers=headers, timeout=90)


def test_a_task_answers_in_python(driver: Driver) -> None:
    answer = ask(driver, "code", {"n": 21})

    assert (answer.status_code, answer.json()) == (418, {"doubled": 42})
    assert answer.headers["X-Hookline-Number"] == "21"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_task_answers_without_a_worker(driver: Driver) -> None:
    delivery = str(uuid.uuid4())
    answer = ask(driver, "free", {"n": 3}, delivery)

    assert (answer.status_code, answer.json()) == (200, {"n": "3"})
    run_id = f"webhook__waits__{delivery}"
    assert driver.finished("waits.free", run_id) == "success"
    assert not driver.instance("waits.free", run_id, "answer")["hostname"]


def test_a_run_without_an_answer_says_how_it_ended(driver: Driver) -> None:
    delivery = str(uuid.uuid4())
    answer = ask(driver, "silent", {"n": 1}, delivery)

    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    again = ask(driver, "silent", {"n": 1}, delivery)
    assert (again.json()["status"], again.json()["duplicate"]) == ("success", True)


def test_a_failed_run_is_a_problem(driver: Driver) -> None:
    answer = ask(driver, "silent", {"n": -1})

    assert (answer.status_code, answer.json()["type"]) == (500, "urn:hookline:problem:run-failed")


def test_what_does_not_fit_is_answered_at_the_door(driver: Driver) -> None:
    answer = ask(driver, "silent", {"n": "one"})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/n"]


def test_a_completed_payment_updates_the_order_and_is_acknowledged(driver: Driver, echo: EchoServer) -> None:
    driver.wait_for_dags("stripe.checkout.session.completed")
    payment = catalog.find("stripe.checkout.session.completed").sample | {"id": f"evt_{uuid.uuid4().hex}"}

    answer = requests.post(f"{driver.stack.url}/hooks/in/stripe", json=payment, timeout=90)

    assert answer.status_code == 200
    assert answer.json() == {"received": True, "order": "A-1001", "status": "paid"}
    run_id = f"webhook__stripe__{payment['id']}"
    assert driver.finished("stripe.checkout.session.completed", run_id) == "success"
    [order] = systems.calls(echo, "/orders/A-1001")
    assert order["method"] == "PATCH"
    assert json.loads(order["body"])["status"] == "paid"
    [mail] = [call for call in systems.calls(echo, "/messages") if "order_paid" in call["body"]]
    assert json.loads(mail["body"])["to"] == "ada.lovelace@example.com"
