"""An event finds its waiters, and a waiter its stored events, by an index, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.orm import Session

from hookline.inbox.models import InboxEvent
from hookline.orm import Base
from hookline.waiters import store
from hookline.waiters.models import ANY, Waiter

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 20_000
FILL = """
INSERT INTO hookline_waiter (wait_id, instance_id, dag_id, run_id, task_id, map_index, source, correlation,
    wanted, shared, since, ready, created_at)
SELECT 'w' || n, gen_random_uuid(), 'flow', 'run', 'wait', n, 'shop', 'key' || n, 1, true, at, n % 5000 <> 0,
    at
FROM generate_series(1, :rows) AS n, LATERAL (SELECT timestamptz '2026-01-01Z' AS at) AS t;
INSERT INTO hookline_event (source, event_id, event_type, candidates, run_paused, received_at, body, state,
    due_at, attempts, correlation)
SELECT 'shop', 'e' || n, 'paid', '[]', false, at, '{}', 'dispatched', at, 1, 'key' || n
FROM generate_series(1, :rows) AS n,
    LATERAL (SELECT timestamptz '2026-01-01Z' + n * interval '1 s' AS at) AS t
"""


@pytest.fixture(scope="module")
def full(postgres_url: str) -> Iterator[Engine]:
    """20,000 tasks that wait, and as many events."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        Base.metadata.create_all(connection)
        for statement in FILL.split(";"):
            connection.execute(text(statement), {"rows": ROWS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    yield engine
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    engine.dispose()


def of_events(session: Session) -> None:
    found = session.scalars(select(InboxEvent).where(InboxEvent.event_id == "e7")).all()
    session.info["seen"].clear()
    assert [waiter.correlation for waiter in store.of_events(session, found)] == ["key7"]


def unready(session: Session) -> None:
    assert len(store.unready(session, 50)) == 4


def stored(session: Session) -> None:
    waiter = Waiter(source="shop", correlation="key7", since=SINCE, event_type=None)
    assert [row.event_id for row in store.stored(session, waiter)] == ["e7"]


def stored_of_any_correlation(session: Session) -> None:
    waiter = Waiter(source="shop", correlation=ANY, since=SINCE.replace(hour=5), event_type=None)
    assert next(store.stored(session, waiter)).event_id == "e18000"


def with_stored(session: Session) -> None:
    waiters = store.unready(session, 50)
    assert store.with_stored(session, waiters) == {waiter.seq for waiter in waiters}


def after(session: Session) -> None:
    assert len(store.after(session, 500, 100)) == 100


@pytest.mark.parametrize(
    "query",
    [of_events, unready, with_stored, stored, stored_of_any_correlation, after],
    ids=lambda query: getattr(query, "__name__", ""),
)
def test_no_query_reads_the_whole_table(full: Engine, query: Callable[[Session], None]) -> None:
    seen: list[tuple[str, Any]] = []

    def keep(_a: Any, _b: Any, statement: str, parameters: Any, _c: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    with Session(full, info={"seen": seen}) as session:
        event.listen(full, "before_cursor_execute", keep)
        try:
            query(session)
        finally:
            event.remove(full, "before_cursor_execute", keep)
        assert seen
        for statement, parameters in seen:
            explain = f"EXPLAIN {statement}"
            plan = "\n".join(session.connection().exec_driver_sql(explain, parameters).scalars())
            assert "Seq Scan" not in plan, plan
            assert "Index" in plan, plan
