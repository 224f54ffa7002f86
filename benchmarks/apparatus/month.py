"""A month of a busy Airflow in its database: ``month.sql``, with what it takes to be quick about it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from hookline.protocol.mark import TAG

SQL = Path(__file__).with_suffix(".sql")
OF_AIRFLOW = ("task_instance", "dag_run")
TABLES = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'hookline%'"
INDICES = """
SELECT indexdef, format('%I', indexrelid::regclass::text) FROM pg_index JOIN pg_indexes
ON indexname = indexrelid::regclass::text
WHERE tablename LIKE 'hookline%' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def fill(url: str, events: int, *, settled: bool = True) -> None:
    """Write the month in the place of what there is.

    :param url: of a migrated PostgreSQL.
    :param settled: whether the tables are left as those are that were written in a month.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        _empty(connection)
        indices = connection.execute(text(INDICES)).all()
        for _, name in indices:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        written = SQL.read_text(encoding="utf-8").replace("@EVENTS@", str(events)).replace("@TAG@", TAG)
        with connection.connection.cursor() as cursor:
            cursor.execute(written)
        for definition, _ in indices:
            connection.exec_driver_sql(definition)
    if settled:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def _empty(connection: Connection) -> None:
    tables = connection.execute(text(TABLES)).scalars().all()
    connection.exec_driver_sql(f"TRUNCATE {', '.join([*tables, *OF_AIRFLOW])} RESTART IDENTITY CASCADE")
