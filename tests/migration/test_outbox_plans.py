"""What the deliverer and the pages ask must stay cheap when the outbox is full of what was delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, text

from hookline.orm import Base
from hookline.outbox import claims, reading
from hookline.outbox.models import DEAD, DELIVERED, HELD, PENDING, Delivery, EndpointState
from hookline.outbox.reading import Filter
from tests.migration.test_query_plans import statements

NOW = datetime(2026, 9, 21, tzinfo=UTC)
ROWS = 20_000
STATES = {0: PENDING, 1: HELD, 2: DEAD}
KEYS = [f"crm /{number}" for number in range(20)]


@pytest.fixture(scope="module")
def full(postgres_url: str) -> Iterator[Engine]:
    """An outbox of 20,000 deliveries, nearly all of them delivered."""
    engine = create_engine(postgres_url)
    rows = [
        {
            "delivery_id": f"msg_{number:08}",
            "webhook": "orders",
            "endpoint": KEYS[number // 100 % len(KEYS)],
            "target": "{}",
            "dag_id": f"dag{number % 10}",
            "run_id": f"run{number // 50}",
            "map_index": -1,
            "try_number": 1,
            "transition": "completed",
            "occurred_at": NOW,
            "added_at": NOW,
            "payload": "{}" * 100,
            "state": STATES.get(number % 100, DELIVERED),
            "due_at": NOW,
            "attempts": 1,
            "failures": 0,
        }
        for number in range(ROWS)
    ]
    endpoints = [
        {
            "key": key,
            "ordered": False,
            "state": "closed",
            "changed_at": NOW,
            "failures": 0,
            "openings": 0,
            "full_at": 0.0,
        }
        for key in KEYS
    ]
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        Base.metadata.create_all(connection)
        connection.execute(insert(Delivery), rows)
        connection.execute(insert(EndpointState), endpoints)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE hookline_delivery"))
    yield engine
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    engine.dispose()


def due(connection: Connection) -> None:
    assert len(claims.due_endpoints(connection, NOW)) == len(KEYS)


def claim(connection: Connection) -> None:
    wanted = dict.fromkeys(KEYS, 5)
    taken = claims.claim(
        connection, wanted, frozenset(KEYS[:1]), NOW, lease=timedelta(seconds=60), most_bytes=10
    )
    assert len(taken) == 1 + 5 * (len(KEYS) - 1)


def page_of_a_run(connection: Connection) -> None:
    assert reading.page(connection, Filter(dag_id="dag3", run_id="run5"))


def page_of_the_dead(connection: Connection) -> None:
    assert len(reading.page(connection, Filter(state=DEAD), before=ROWS, limit=50)) == 50


def newest_page(connection: Connection) -> None:
    assert len(reading.page(connection, Filter(), limit=50)) == 50


def counts(connection: Connection) -> None:
    assert reading.counts(connection)[DEAD] == ROWS // 100


QUERIES = [due, claim, page_of_a_run, page_of_the_dead, newest_page, counts]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_no_query_reads_all_deliveries(full: Engine, query: Callable[[Connection], None]) -> None:
    with full.connect() as connection:
        with statements(full) as seen:
            query(connection)
        assert seen
        for statement, parameters in seen:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            assert not [line for line in plan if "Seq Scan on hookline_delivery" in line], "\n".join(plan)
        connection.rollback()
