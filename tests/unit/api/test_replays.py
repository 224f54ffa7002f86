"""Replays in the management API: who may plan and start what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.models import InboxEvent
from hookline.jobs.models import Job
from hookline.protocol.reference import KEYS
from hookline.replay.models import Replay, ReplayItem
from tests.unit.api.conftest import As
from tests.unit.api.inbox import store
from tests.unit.dispatch import event_dags

DAG = "shop.order.paid"
SCHEMA = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}},
}


@pytest.fixture(autouse=True)
def emptied(call: As) -> None:
    with Session(engine()) as session, session.begin():
        for table in (ReplayItem, Replay, Job):
            session.execute(delete(table))
    event_dags.write(DAG, SCHEMA, sample={"total": 1})


def number() -> int:
    with Session(engine()) as session:
        return int(session.query(InboxEvent.seq).order_by(InboxEvent.seq).limit(1).scalar() or 0)


def test_a_plan_says_what_would_happen_and_its_start_must_repeat_it(call: As) -> None:
    store({}, {}, {"candidates": '["gone"]'})
    client = call("user")
    body = {"events": {"since": "2026-09-21T00:00:00Z"}}

    plan = call("op").post("/replays", json=body).json()

    assert (plan["state"], plan["total"], plan["dags"], plan["without_dag"]) == ("planned", 2, {DAG: 2}, 1)
    assert plan["sample"][0] == {"event_number": number(), "dag_id": DAG, "job_number": None}
    assert call("op").get(f"/replays/{plan['number']}").json()["planned_for"] == [DAG]
    start = f"/replays/{plan['number']}/start"
    assert client.post(start, json={"total": 2}).status_code == 404  # somebody else's
    wrong = call("op").post(start, json={"total": 3})
    assert (wrong.status_code, wrong.json()["type"]) == (409, "urn:hookline:problem:conflict")
    assert call("op").post(start, json={"total": 2}).json()["state"] == "running"
    cancelled = call("op").post(f"/replays/{plan['number']}/cancel").json()
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 0)
    assert call("op").get(f"/replays/{plan['number']}").json() == {**cancelled, "planned_for": []}
    assert [one["number"] for one in call("op").get("/replays").json()["items"]] == [plan["number"]]
    with engine().connect() as connection:
        rows = connection.exec_driver_sql("SELECT event FROM log ORDER BY id DESC LIMIT 3").scalars().all()
    assert rows == ["hookline_cancel_replay", "hookline_start_replay", "hookline_plan_replay"]


def test_edited_data_must_fit_the_schema(call: As) -> None:
    store({"dag_id": DAG, "state": "dispatched"})
    body = {"event": number(), "data": {"currency": "DM"}}

    answer = call("user").post("/replays", json=body)

    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/total", "/currency"}
    good = call("user").post("/replays", json={"event": number(), "data": {"total": 3}})
    assert (good.status_code, good.json()["edited"], good.json()["total"]) == (201, True, 1)


BAD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "two kinds": {"event": 1, "held": ["x"]},
    "data for many": {"events": {}, "data": {}},
    "a reference as data": {"event": 1, "data": dict.fromkeys(KEYS, "x")},
    "an unknown field": {"events": {"colour": "red"}},
    "a rate without end": {"events": {}, "rate": 1_000_000},
    "a number beyond the table": {"event": 2**63},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused(call: As, body: dict[str, Any]) -> None:
    store({"dag_id": DAG, "state": "dispatched"})
    if body.get("event") == 1:
        body = {**body, "event": number()}
    answer = call("op").post("/replays", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["type"].startswith("urn:hookline:problem:")


def test_a_viewer_plans_nothing(call: As) -> None:
    store({"dag_id": DAG, "state": "dispatched"})
    assert call("viewer").post("/replays", json={"events": {}}).status_code == 403
    assert call("viewer").post("/replays", json={"event": number(), "dag_id": DAG}).status_code == 403


def test_what_may_not_be_seen_is_not_part_of_a_plan(call: As) -> None:
    store({}, {"dag_id": DAG, "state": "dispatched"})
    assert call("user").post("/replays", json={"events": {}}).json()["total"] == 1


def test_a_kind_of_held_events_goes_to_the_dag_that_a_person_names(call: As) -> None:
    store({"candidates": '["shop.order.payed"]'}, {})

    plan = call("op").post("/replays", json={"held": ["shop.order.payed"], "dag_id": DAG}).json()

    assert (plan["total"], plan["dags"]) == (1, {DAG: 1})


def test_events_go_to_event_dags_only(call: As) -> None:
    store({})
    answer = call("op").post("/replays", json={"event": number(), "dag_id": "no.such.dag"})

    assert answer.status_code == 422
    assert "No event Dag is called `no.such.dag`" in answer.json()["detail"]
