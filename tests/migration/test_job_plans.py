"""Jobs are read by an index: lists stop at the end of their page, loops see nothing of what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from hookline.jobs import queue, store
from hookline.jobs.store import Filter
from hookline.orm import Base

NOW = datetime(2026, 6, 1, tzinfo=UTC)
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


LOOP: dict[str, Callable[[Session], Any]] = {
    "due": lambda session: queue.has_due(session.connection(), NOW),
    "claim": lambda session: queue.claim(session, NOW, 100),
    "gathered": lambda session: queue.gathered(session, NOW, 500),
    "waiting": lambda session: queue.waiting(session, "dag7", "key", 1001),
    "first": lambda session: queue.first(session, "dag7", "key"),
    "without a key": lambda session: queue.has_keyless(session, "dag7"),
    "without a key before": lambda session: queue.has_keyless(session, "dag7", before=ROWS),
    "hold": lambda session: queue.hold_gathering(session, "dag7", "", NOW, run_paused=False),
    "held": lambda session: queue.held_dags(session.connection()),
    "release": lambda session: queue.release(session, "dag7", NOW, limit=500, only_run_paused=False),
    "members": lambda session: queue.members(session, [("dag7", "run7")]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_list_reads_little_more_than_it_shows(full: Engine, name: str) -> None:
    reads_little(full, lambda session: store.page(session.connection(), CASES[name], limit=50, before=ROWS))


@pytest.mark.parametrize("name", LOOP)
def test_what_the_loops_ask_reads_no_job_that_is_done(full: Engine, name: str) -> None:
    reads_little(full, LOOP[name])


def reads_little(full: Engine, ask: Callable[[Session], Any]) -> None:
    seen: list[tuple[str, Any]] = []

    def keep(_a: Any, _b: Any, statement: str, parameters: Any, _c: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    with full.connect() as connection, Session(connection) as session:
        event.listen(full, "before_cursor_execute", keep)
        try:
            ask(session)
        finally:
            event.remove(full, "before_cursor_execute", keep)
        assert seen
        for statement, parameters in seen:
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            plan = connection.exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"]
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_READ, plan
        session.rollback()
