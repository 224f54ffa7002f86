"""Lists of jobs are read by an index, whatever they are filtered by, and stop at the end of their page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from hookline.jobs import store
from hookline.jobs.store import Filter
from hookline.orm import Base

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 100_000
FILL = """
INSERT INTO hookline_job (event_seq, source, event_id, event_type, received_at, kind, target, dag_id, run_id,
    state, attempts, due_at, created_at, updated_at)
SELECT n, 'source' || n % 50, 'event' || n, 'type' || n % 40, at, 'run', 'dag' || n % 500, 'dag' || n % 500,
    'run' || n, CASE WHEN n % 1000 = 0 THEN 'held' ELSE 'done' END, 1, at, at, at
FROM generate_series(1, :rows) AS n,
    LATERAL (SELECT timestamptz '2026-01-01Z' + n * interval '1 s' AS at) AS t
"""
MOST_READ = 600


@pytest.fixture(scope="module")
def full(postgres_url: str) -> Iterator[Engine]:
    """A record of 100,000 jobs, one each second."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        Base.metadata.create_all(connection)
        connection.execute(text(FILL), {"rows": ROWS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE hookline_job"))
    yield engine
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    engine.dispose()


CASES: dict[str, Filter] = {
    "none": Filter(),
    "source": Filter(source="source7"),
    "type": Filter(event_type="type7"),
    "state": Filter(state="held"),
    "done": Filter(state="done"),
    "dag": Filter(dag_id="dag7"),
    "run": Filter(run_id="run500"),
    "old": Filter(until=BEGAN + timedelta(seconds=200)),
    "window": Filter(since=BEGAN + timedelta(hours=10), until=BEGAN + timedelta(hours=11)),
    "source that sends nothing": Filter(source="nobody"),
    "dag with a state": Filter(dag_id="dag0", state="held"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_list_reads_little_more_than_it_shows(full: Engine, name: str) -> None:
    seen: list[tuple[str, Any]] = []

    def keep(_a: Any, _b: Any, statement: str, parameters: Any, _c: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    with full.connect() as connection:
        event.listen(full, "before_cursor_execute", keep)
        try:
            store.page(connection, CASES[name], limit=50, before=ROWS)
        finally:
            event.remove(full, "before_cursor_execute", keep)
        for statement, parameters in seen:
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            plan = connection.exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"]
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_READ, plan
