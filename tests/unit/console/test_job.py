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
