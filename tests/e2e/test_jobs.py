"""One event, several Dags, and what the record says of it: the guide's Dags as they are written."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from demo.stack import airflow
from tests.e2e.driver import Driver, wait_for
from tests.e2e.test_docs import snippets

pytestmark = pytest.mark.e2e

PAGE = "docs/how-to/several-dags-batches-order.md"
DAGS = ("large_orders", "chaos.order.paid", "loyalty_points", "sales_report", "search_index", "ledger")


@pytest.fixture(scope="module", autouse=True)
def _dags(stack: Any, dags_folder: Path) -> Iterator[None]:
    """The Dags of the page, for the source `chaos`, and with less patience."""
    (text,) = snippets(PAGE, "python")
    for written, quicker in (("shop", "chaos"), ("minutes=5", "seconds=3"), ("seconds=30", "seconds=1")):
        text = text.replace(written, quicker)
    file = dags_folder / "several.py"
    file.write_text(text)
    Driver(stack).wait_for_dags(*DAGS, "paid_orders")
    yield
    file.unlink()


def jobs(driver: Driver, event_id: str) -> dict[str, Any]:
    """Return the jobs of an event as the command line shows them, by their targets."""
    command = airflow("hookline", "jobs", "list", "--text", event_id, "--output", "json")
    done = subprocess.run(command, env=driver.stack.env, capture_output=True, text=True, check=True)
    return {job["target"]: job for job in json.loads(done.stdout) if job["event_id"] == event_id}


def test_an_event_goes_to_everybody_that_wants_it(driver: Driver) -> None:
    driver.stack.api("PATCH", "/dags/paid_orders", {"is_paused": False})
    events = [str(uuid.uuid4()) for _ in range(2)]
    for number, event in enumerate(events):
        data = {"order": "A-1", "amount": 900 + 200 * number}
        assert driver.post("order/paid", data, event).status_code == 202
    for event, dags in zip(events, (DAGS[1:3], DAGS[:3]), strict=True):
        for dag_id in dags:
            assert driver.finished(dag_id, f"webhook__chaos__{event}") == "success"
    assert driver.run("large_orders", f"webhook__chaos__{events[0]}") is None

    (batch,) = wait_for(lambda: driver.runs("sales_report"), 30, "the batch")
    assert driver.finished("sales_report", batch["dag_run_id"]) == "success"
    assert driver.xcom("sales_report", batch["dag_run_id"], "add_up") == 2000

    second = wait_for(lambda: driver.run("ledger", f"webhook__chaos__{events[1]}"), 30, "the second turn")
    first = driver.run("ledger", f"webhook__chaos__{events[0]}")
    assert first["end_date"] <= second["queued_at"]

    asset = wait_for(lambda: driver.runs("paid_orders"), 60, "the run of the asset")
    assert asset[0]["run_type"] == "asset_triggered"

    made = jobs(driver, events[1])
    assert {target: job["state"] for target, job in made.items()} == dict.fromkeys(
        (*DAGS[:4], "ledger", "hookline://chaos/order.paid"), "done"
    )
    number = made["loyalty_points"]["job"]
    note = driver.run("loyalty_points", f"webhook__chaos__{events[1]}")["note"]
    assert f"job {number}." in note


def test_one_at_a_time_is_the_order_in_which_airflow_runs_them(driver: Driver) -> None:
    events = [str(uuid.uuid4()) for _ in range(4)]
    for event in events:
        assert driver.post("order/noted", {"order": "B", "amount": 1}, event).status_code == 202
    ids = [f"webhook__chaos__{event}" for event in events]
    assert [driver.finished("ledger", run_id) for run_id in ids] == ["success"] * len(ids)
    made = [driver.run("ledger", run_id) for run_id in ids]
    assert all(before["end_date"] <= after["queued_at"] for before, after in pairwise(made))
    assert [driver.xcom("ledger", run_id, "book") for run_id in ids] == events


def test_the_last_change_of_a_product_wins(driver: Driver) -> None:
    events = [str(uuid.uuid4()) for _ in range(3)]
    for price, event in enumerate(events):
        driver.post("product/changed", {"product": "P", "price": price}, event)
    run = wait_for(lambda: driver.run("search_index", f"webhook__chaos__{events[2]}"), 30, "the run")
    assert run["conf"]["data"]["price"] == 2
    assert len(driver.runs("search_index")) == 1


def test_a_manual_run_is_a_job_too(driver: Driver) -> None:
    run_id = driver.trigger("loyalty_points", {"data": {"order": "A-2"}}).json()["dag_run_id"]
    assert driver.finished("loyalty_points", run_id) == "success"
    made = wait_for(lambda: jobs(driver, run_id), 30, "the record")
    assert (made["loyalty_points"]["kind"], made["loyalty_points"]["reason"]) == (
        "manual",
        "Started by admin.",
    )
