"""Millions of events that were dispatched long ago, as the ingress and the dispatcher leave them."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, text

EVENTS = """
INSERT INTO hookline_event (source, event_id, event_type, candidates, run_paused, received_at, body, state,
    due_at, attempts, dag_id, run_id)
SELECT 'old', 'old-' || n, 'order', '["old.order", "old"]', false, t, :body, 'dispatched', t, 0, 'old.order',
    'webhook__old__old-' || n
FROM generate_series(1, :count) n, LATERAL (SELECT now() - make_interval(secs => :count - n)) AS times(t)
"""
JOBS = """
INSERT INTO hookline_job (event_seq, source, event_id, event_type, received_at, kind, target, dag_id, run_id,
    state, attempts, due_at, created_at, updated_at, run_paused)
SELECT seq, source, event_id, event_type, received_at, 'run', dag_id, dag_id, run_id, 'done', 1, received_at,
    received_at, received_at, false
FROM hookline_event WHERE source = 'old'
"""
INDEXES = """
SELECT i.indexname, i.indexdef FROM pg_indexes i
LEFT JOIN pg_constraint c ON c.conname = i.indexname
WHERE i.tablename = :table AND c.conname IS NULL
"""


def fill(url: str, count: int, body: str) -> None:
    """Put events and their jobs into a database of PostgreSQL, and leave nothing to tidy up.

    :param body: of each.
    """
    engine = create_engine(url)
    for table, insert in (("hookline_event", EVENTS), ("hookline_job", JOBS)):
        with engine.begin() as connection:
            _insert(connection, table, insert, {"count": count, "body": body})
    _tidy(engine)
    engine.dispose()


def _insert(connection: Connection, table: str, insert: str, values: dict[str, object]) -> None:
    # Indexes are made at the end: sorting all keys once takes a tenth of putting each into its place.
    indexes = connection.execute(text(INDEXES), {"table": table}).all()
    for index in indexes:
        connection.execute(text(f'DROP INDEX "{index.indexname}"'))
    connection.execute(text(insert), {name: values[name] for name in values if f":{name}" in insert})
    connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    for index in indexes:
        connection.execute(text(index.indexdef))


def _tidy(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) hookline_event, hookline_job"))
        connection.execute(text("CHECKPOINT"))
