"""Every statement behind every page of the console and call of the management API has an index."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import airflow.models
import httpx
import pytest
from airflow import settings
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.base import Base as AirflowBase
from fastapi import FastAPI
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import scoped_session, sessionmaker

from benchmarks.apparatus.looks import Look, looks
from benchmarks.apparatus.month import fill
from hookline import database, db_manager
from hookline.jobs import models as jobs
from hookline.outbox import models as outbox
from hookline.server import create_app
from tests.unit.api.conftest import SETTINGS

EVENTS = 200
"""Few: the question is not what the planner thinks fast, but whether there is an index at all."""
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
GROWING = {
    *("hookline_event", "hookline_job", "hookline_delivery", "hookline_attempt", "hookline_refusal"),
    *("dag_run", "task_instance"),
}
"""Tables that grow with the events, and Airflow's beside them."""
ASKED_ELSEWHERE = re.compile("page of (events|jobs|deliveries): .* page$|API: ")
"""A list with a filter has the statements of its call, which is asked; of the others the page has more."""
DECIDING = {"dispatched", "quarantined", *jobs.STATES, *jobs.KINDS, *outbox.STATES}
"""What partial indices are made for: one statement has another plan with each."""


@pytest.fixture(scope="module")
def application(postgres_url: str) -> Iterator[FastAPI]:
    """The application on a database with the month of the benchmark."""
    airflow.models.import_all_models()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (SETTINGS | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url}).items():
            environment.setenv(name, value)
        database.dispose()
        environment.setattr(settings, "Session", scoped_session(sessionmaker(database.engine())))
        with database.engine().begin() as connection:
            connection.execute(text(EMPTY))
            for one in (AirflowBase.metadata, db_manager.HooklineDBManager.metadata):
                one.create_all(connection, checkfirst=False)
        fill(postgres_url, EVENTS, settled=False)
        around = FastAPI()
        airflow_app.init_auth_manager(around)
        around.mount("/hooks", create_app(loops=False, management=True))
        try:
            yield around
        finally:
            with database.engine().begin() as connection:
                connection.execute(text(EMPTY))
            database.dispose()
            airflow_app._AuthManagerState.instance = None


def scanned(plan: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads from the first row to the last."""
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return own.union(*(scanned(part) for part in plan.get("Plans", ())))


def distinct(wanted: Iterable[Look]) -> list[Look]:
    """Leave out what differs only in values that no plan hangs on: the statements are the same."""
    found: dict[Any, Look] = {}
    for look in wanted:
        address = urlsplit(look.path)
        query = tuple((name, value if value in DECIDING else "") for name, value in parse_qsl(address.query))
        found.setdefault((address.path, query, look.role), look)
    return [look for look in found.values() if not ASKED_ELSEWHERE.match(look.name)]


def test_no_page_reads_a_whole_table(application: FastAPI, postgres_url: str) -> None:
    asked: dict[Any, tuple[Look, str, Any]] = {}
    current: list[Look] = []

    def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "WITH")):
            deciding = frozenset(
                (name, value) for name, value in parameters.items() if str(value) in DECIDING
            )
            asked.setdefault((statement, deciding), (current[-1], statement, parameters))

    async def look_at(wanted: list[Look]) -> None:
        tokens = {
            role: airflow_app.get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role))
            for role in ("admin", "viewer")
        }
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow.test") as client:
            for look in wanted:
                current.append(look)
                answer = await client.get(look.path, headers={"Authorization": f"Bearer {tokens[look.role]}"})
                assert answer.status_code == 200, f"{look.path}: {answer.text[:300]}"

    wanted = distinct(looks(postgres_url, EVENTS))
    assert len(wanted) > 100
    event.listen(database.engine(), "before_cursor_execute", keep)
    asyncio.run(look_at(wanted))
    event.remove(database.engine(), "before_cursor_execute", keep)
    assert len(asked) > 100

    engine, without = create_engine(postgres_url), []
    with engine.connect() as connection:
        # Whatever the planner thinks of a few rows: where there is an index, it takes it.
        connection.exec_driver_sql("SET enable_seqscan = off")
        for look, statement, parameters in asked.values():
            [[plan]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
            if scanned(plan[0]["Plan"]) & GROWING:
                without.append((look.name, statement))
    engine.dispose()
    assert without == []
