"""The page of one job: what it was caused by, and what an operator does with it."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.jobs import store as jobs
from hookline.jobs.models import Job
from hookline.jobs.store import NewJob
from tests.unit.api.conftest import As
from tests.unit.api.inbox import NOON
from tests.unit.console.conftest import Open
from tests.unit.dispatch import event_dags

DAG = "shop.order.paid"
SAID = {
    "id": "e1",
    "data": {"n": 1.5, "word": "grün <b>"},
    "hookline": {"headers": {"x-order": "<i>17</i>"}, "query": {}},
}


@pytest.fixture(autouse=True)
def emptied(look: Open) -> None:
    with Session(engine()) as session, session.begin():
        session.execute(delete(Job))
    event_dags.write(DAG)


def job(**fields: Any) -> int:
    same: dict[str, Any] = {"source": "shop", "event_id": "e1", "event_type": "order.paid"}
    made = NewJob(**same, received_at=NOON, kind="run", target=DAG, dag_id=DAG, **fields)
    with Session(engine()) as session, session.begin():
        return jobs.add(session, [made], NOON)[0]


def test_it_has_headers_and_body_formatted_raw_and_to_download(look: Open) -> None:
    number = job(body=json.dumps(SAID))

    page = look(f"/jobs/{number}").text

    shown = html.unescape(page)
    assert json.dumps(SAID["data"], indent=2, ensure_ascii=False) in shown
    assert '"x-order": "<i>17</i>"' in shown
    assert f'href="/hooks/api/v1/jobs/{number}" download="job-{number}.json"' in page
    assert ">Raw, as it is kept</a>" in page
    assert "<i>17" not in page


def test_it_says_that_its_event_is_gone(look: Open) -> None:
    assert "The event is no longer kept." in look(f"/jobs/{job()}").text


@pytest.mark.parametrize(
    ("fields", "buttons"),
    [
        ({"state": "pending"}, ["hold"]),
        ({"state": "gathering"}, ["hold"]),
        ({"state": "held"}, ["hold", "release"]),
        ({"state": "held", "held_by": "ada"}, ["release"]),
        ({"state": "done"}, []),
    ],
    ids=["pending", "gathering", "held", "held by a person", "done"],
)
def test_what_has_not_gone_out_can_be_held_and_released(
    look: Open, fields: dict[str, Any], buttons: list[str]
) -> None:
    number = job(**fields)
    page = look(f"/jobs/{number}").text

    calls = [name for name in ("hold", "release") if f"/jobs/{number}/{name}" in page]
    assert calls == buttons


def test_an_operator_holds_and_releases_it_and_the_audit_log_says_so(call: As) -> None:
    number = job(state="pending")

    held = call("op").post(f"/jobs/{number}/hold")
    again = call("op").post(f"/jobs/{number}/hold")
    released = call("user").post(f"/jobs/{number}/release")

    assert (held.json()["state"], held.json()["held_by"]) == ("held", "op")
    assert (again.status_code, again.json()["detail"]) == (409, f"Job {number} is held by op already.")
    assert (released.json()["state"], released.json()["held_by"]) == ("pending", None)
    with engine().connect() as connection:
        logged = connection.exec_driver_sql(
            "SELECT event, owner, dag_id, extra FROM log ORDER BY id DESC LIMIT 2"
        ).all()
    said = f'{{"job": {number}}}'
    assert [tuple(row) for row in logged] == [
        ("hookline_release_job", "user", DAG, said),
        ("hookline_hold_job", "op", DAG, said),
    ]


@pytest.mark.parametrize("action", ["hold", "release"])
def test_who_may_not_trigger_its_dag_changes_nothing(call: As, action: str) -> None:
    number = job(state="pending")

    assert call("viewer").post(f"/jobs/{number}/{action}").status_code == 403
    assert call("op").post(f"/jobs/{number + 1}/{action}").status_code == 404
    assert call("op").get(f"/jobs/{number}").json()["state"] == "pending"


def test_it_is_planned_again_with_other_data(look: Open) -> None:
    number = job(body=json.dumps(SAID), state="done")
    page = look(f"/jobs/{number}").text

    assert f'name="job" data-type="number" value="{number}"' in page
    assert '<textarea id="edited" name="data" data-type="json"' in page
    assert '<option value="original">the one of then</option>' in page
