"""The one question of all loops is answered from indexes, however much is done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hookline import watch
from hookline.database import engine

ROWS = 100_000
MOST_READ = 200
FILL = (
    """
    INSERT INTO hookline_event (source, event_id, event_type, candidates, run_paused, received_at, body,
        state, due_at, attempts)
    SELECT 'shop', n::text, 'paid', '["shop.paid"]', false, now(), '{}', 'dispatched', now(), 1
    FROM generate_series(1, :rows) AS n
    """,
    """
    INSERT INTO hookline_job (event_seq, source, event_id, event_type, received_at, kind, target, dag_id,
        run_id, state, attempts, due_at, created_at, updated_at)
    SELECT n, 'shop', n::text, 'paid', now(), 'run', 'shop.paid', 'shop.paid', n::text, 'done', 1, now(),
        now(), now()
    FROM generate_series(1, :rows) AS n
    """,
    "INSERT INTO log (dttm, event) SELECT now(), 'running' FROM generate_series(1, :rows)",
)


@pytest.fixture
def full(metadata: str) -> None:
    assert metadata == "postgresql"
    with engine().begin() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"rows": ROWS})
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("metadata", ["postgresql"], indirect=True)
def test_the_question_reads_nothing_that_is_done() -> None:
    now = datetime.now(UTC)
    with engine().connect() as connection:
        compiled = watch.question(now).compile(engine())
        plan = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}", compiled.params
        ).scalar_one()[0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_READ, plan
