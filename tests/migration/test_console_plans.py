"""Every statement behind every page of the console and call of the management API has an index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, event

from benchmarks.apparatus.looks import COMMON, RARE, Look, looks
from benchmarks.apparatus.month import fill
from hookline import database, db_manager
from hookline.server import create_app
from tests.unit.api.conftest import SETTINGS

EVENTS = 3000
GROWING = {
    *("hookline_event", "hookline_job", "hookline_delivery", "hookline_attempt", "hookline_refusal"),
    *("dag_run", "task_instance"),
}
"""Tables that grow with the events, and Airflow's beside them."""
LIKE_ITS_CALL = re.compile("page of (events|jobs|deliveries): .* page$")
"""Pages with a filter: their statements are those of the call of the management API, which is asked."""


@pytest.fixture(scope="module")
def application(postgres_url: str) -> Iterator[FastAPI]:
    """The application on a database with the month of the benchmark."""
    import airflow.models
    import airflow.settings
    from airflow.models.base import Base as AirflowBase

    with pytest.MonkeyPatch.context() as environment:
        settings = SETTINGS | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url}
        source = json.dumps({"conn_type": "webhook", "extra": {"auth_type": "none"}})
        settings |= {f"AIRFLOW_CONN_{name.upper()}": source for name in (COMMON, RARE)}
        for name, value in settings.items():
            environment.setenv(name, value)
        database.dispose()
        airflow.models.import_all_models()
        AirflowBase.metadata.create_all(airflow.settings.engine)  # where Airflow looks for revoked tokens
        tables = [AirflowBase.metadata, db_manager.HooklineDBManager.metadata]
        for one in tables:
            one.drop_all(database.engine())
            one.create_all(database.engine())
        fill(postgres_url, EVENTS)
        around = FastAPI()
        airflow_app.init_auth_manager(around)
        around.mount("/hooks", create_app(loops=False, management=True))
        try:
            yield around
        finally:
            for one in tables:
                one.drop_all(database.engine())
            database.dispose()
            airflow_app._AuthManagerState.instance = None


def scanned(plan: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads from the first row to the last."""
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return own.union(*(scanned(part) for part in plan.get("Plans", ())))


def test_no_page_reads_a_whole_table(application: FastAPI, postgres_url: str) -> None:
    asked: dict[str, tuple[Look, Any]] = {}
    current: list[Look] = []

    def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "WITH")):
            asked.setdefault(statement, (current[-1], parameters))

    tokens = {
        role: airflow_app.get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role))
        for role in ("admin", "viewer")
    }
    event.listen(database.engine(), "before_cursor_execute", keep)
    seen = 0
    with TestClient(application, base_url="http://airflow.test") as client:
        for look in looks(postgres_url, EVENTS):
            if LIKE_ITS_CALL.match(look.name):
                continue
            current.append(look)
            answer = client.get(look.path, headers={"Authorization": f"Bearer {tokens[look.role]}"})
            assert answer.status_code == 200, f"{look.path}: {answer.text[:300]}"
            seen += 1
    event.remove(database.engine(), "before_cursor_execute", keep)
    assert seen > 100
    assert len(asked) > 80

    engine, without = create_engine(postgres_url), []
    with engine.connect() as connection:
        # Whatever the planner thinks of a few thousand rows: where there is an index, it takes it.
        connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, (look, parameters) in asked.items():
            [[plan]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
            if scanned(plan[0]["Plan"]) & GROWING:
                without.append((look.name, statement))
    engine.dispose()
    assert without == []
