"""The numbers of the first page: by the hour in which things came, and only of what the caller may see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from hookline.database import engine
from hookline.jobs.models import Job
from hookline.outbox.models import Delivery
from tests.unit.api import inbox
from tests.unit.api.conftest import As
from tests.unit.dispatch import event_dags

HOUR = timedelta(hours=1)
DAG = "shop.order.paid"


def counts(call: As, role: str = "admin") -> dict[str, list[int]]:
    """Return the last three hours of each series, and what the 21 before have together."""
    series = call(role).get("/overview").raise_for_status().json()["series"]
    hours = {one["name"]: [hour["count"] for hour in one["hours"]] for one in series}
    assert {len(found) for found in hours.values()} == {24}
    return {name: [sum(found[:21]), *found[21:]] for name, found in hours.items()}


def arrived(hours_ago: int, state: str, **fields: Any) -> dict[str, Any]:
    """Return an event that came in the middle of an hour."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return {"received_at": hour - hours_ago * HOUR + HOUR / 2, "state": state, **fields}


def job(place: int, came: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table of jobs."""
    event = {"source": "shop", "event_id": f"e{place}", "event_type": "order.paid"}
    about = {"kind": "run", "target": f"{DAG} {place}", "dag_id": DAG, "state": came["state"], "attempts": 1}
    times = dict.fromkeys(("received_at", "created_at", "updated_at", "due_at"), came["received_at"])
    return {**event, **about, **times}


def message(place: int, came: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the outbox."""
    about = {"dag_id": DAG, "run_id": "r", "map_index": -1, "try_number": 1, "transition": "completed"}
    to = {"delivery_id": f"m{place}", "webhook": "w", "endpoint": "crm", "target": "{}", "payload": "{}"}
    times = dict.fromkeys(("occurred_at", "added_at", "due_at"), came["received_at"])
    return {**about, **to, **times, "state": came["state"], "attempts": 1, "failures": 0}


def store(table: Any, row: Any, *came: dict[str, Any]) -> None:
    """Put rows into a table, oldest first."""
    with engine().begin() as connection:
        connection.execute(insert(table), [row(place, one) for place, one in enumerate(came)])


@pytest.fixture
def day(call: As) -> Iterator[None]:
    """A day of events, jobs and messages in each state, one or two hours ago."""
    event_dags.write(DAG)
    taken = {"dag_id": DAG, "run_id": "r"}
    inbox.store(
        arrived(1, "held"),
        arrived(1, "quarantined"),
        arrived(2, "dispatched", **taken),
        arrived(2, "quarantined"),
        arrived(5, "held", **taken),
        arrived(30, "held"),
    )
    store(Job, job, arrived(2, "done"), arrived(1, "done"), arrived(1, "held"), arrived(1, "refused"))
    store(
        Delivery,
        message,
        arrived(40, "dead"),
        arrived(2, "held"),
        arrived(1, "dead"),
        arrived(1, "delivered"),
    )
    yield
    with engine().begin() as connection:
        connection.execute(delete(Delivery))


@pytest.mark.usefixtures("day")
def test_each_series_counts_by_the_hour(call: As) -> None:
    assert counts(call) == {
        "events": [1, 2, 2, 0],
        "runs": [0, 1, 1, 0],
        "deliveries": [0, 1, 2, 0],
        "failures": [0, 1, 3, 0],
        "holds": [1, 1, 2, 0],
    }


@pytest.mark.usefixtures("day")
def test_a_viewer_is_told_of_their_dags_alone(call: As) -> None:
    assert counts(call, "viewer") == {
        "events": [1, 1, 0, 0],
        "runs": [0, 1, 1, 0],
        "deliveries": [0, 1, 2, 0],
        "failures": [0, 0, 2, 0],
        "holds": [1, 1, 1, 0],
    }
