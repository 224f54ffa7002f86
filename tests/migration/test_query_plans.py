"""What the loops ask again and again must stay cheap when the inbox is full of events that are done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, insert, text, true
from sqlalchemy.orm import Session

from hookline.inbox import held, search, store
from hookline.inbox.models import DISPATCHED, HELD, PENDING, QUARANTINED, InboxEvent
from hookline.inbox.search import Filter
from hookline.orm import Base

NOW = datetime(2026, 9, 21, tzinfo=UTC)
NOON_BEFORE = NOW - timedelta(hours=12)
ROWS = 20_000
# One in a hundred is in each state that is looked for.
STATES = {0: PENDING, 1: HELD, 2: QUARANTINED}


@pytest.fixture(scope="module")
def full(postgres_url: str) -> Iterator[Engine]:
    """An inbox of 20,000 events, nearly all of them dispatched."""
    engine = create_engine(postgres_url)
    rows = [
        {
            "source": "shop",
            "event_id": str(number),
            "event_type": "orders.paid",
            "candidates": f'["shop.kind{number % 7}", "shop"]',
            "run_paused": False,
            "received_at": NOW,
            "body": "{}" * 100,
            "state": STATES.get(number % 100, DISPATCHED),
            "due_at": NOW,
            "attempts": 0,
        }
        for number in range(ROWS)
    ]
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        Base.metadata.create_all(connection)
        connection.execute(insert(InboxEvent), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE hookline_event"))
    yield engine
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    engine.dispose()


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def keep(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    yield seen
    event.remove(engine, "before_cursor_execute", keep)


def has_pending(connection: Connection) -> None:
    assert store.has_pending(connection, NOW)


def held_candidates(connection: Connection) -> None:
    assert len(store.held_candidates(connection)) == 7


def claim(connection: Connection) -> None:
    with Session(connection) as session:
        assert len(store.claim(session, NOW, 50)) == 50


def release(connection: Connection) -> None:
    with Session(connection) as session:
        kind = ("shop.kind1", "shop")
        assert store.release(session, kind, NOW + timedelta(1), limit=5, only_run_paused=False) == 5


def add_known(connection: Connection) -> None:
    connection.execute(text("SELECT 1 FROM hookline_event WHERE source = 'shop' AND event_id = '5'"))


QUERIES = [has_pending, claim, held_candidates, release, add_known]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_no_query_of_the_loops_reads_the_whole_table(
    full: Engine, query: Callable[[Connection], None]
) -> None:
    with full.connect() as connection:
        with statements(full) as seen:
            query(connection)
        assert seen
        for statement, parameters in seen:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            assert not [line for line in plan if "Seq Scan" in line], "\n".join(plan)
            assert [line for line in plan if "Index" in line], "\n".join(plan)
        connection.rollback()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (has_pending, "hookline_event_pending_idx"),
        (claim, "hookline_event_pending_idx"),
        (held_candidates, "hookline_event_held_idx"),
        (release, "hookline_event_held_idx"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_query_has_its_index(full: Engine, query: Callable[[Connection], None], index: str) -> None:
    with full.connect() as connection:
        with statements(full) as seen:
            query(connection)
        statement, parameters = seen[0]
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all())
        connection.rollback()
    assert index in plan


SEARCHES = {
    "newest": Filter(),
    "source": Filter(source="shop"),
    "type": Filter(event_type="orders.paid"),
    "dag": Filter(dag_id="shop.kind1"),
    "state": Filter(state=QUARANTINED),
    "id": Filter(source="shop", event_id="77"),
    "time": Filter(since=NOON_BEFORE, until=NOW),
    "text": Filter(text="{}{}"),
}


@pytest.mark.parametrize("wanted", SEARCHES.values(), ids=SEARCHES)
@pytest.mark.parametrize("after", [None, (NOW, ROWS // 2)], ids=["first page", "a later page"])
def test_no_search_reads_the_whole_table(
    full: Engine, wanted: Filter, after: tuple[datetime, int] | None
) -> None:
    with full.connect() as connection, Session(connection) as session:
        with statements(full) as seen:
            search.page(session, wanted, true(), limit=50, after=after)
        assert seen
        for statement, parameters in seen:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            assert not [line for line in plan if "Seq Scan" in line], "\n".join(plan)


def test_held_kinds_are_found_by_one_seek_each(full: Engine) -> None:
    with full.connect() as connection, Session(connection) as session:
        with statements(full) as seen:
            assert len(held.kinds(session, limit=50)) == 7
        plans = [
            "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all())
            for statement, parameters in seen
        ]
        assert not [plan for plan in plans if "Seq Scan" in plan]
        kinds, rows = plans
        assert set(re.findall(r"hookline_event_\w+_idx|hookline_event_pkey", kinds)) == {
            "hookline_event_held_idx"
        }
        assert "hookline_event_pkey" in rows
