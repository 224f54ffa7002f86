"""Fresh databases are made from the models, others by migrations: both have to end the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from hookline.db_manager import HooklineDBManager
from hookline.orm import Base

CATALOGUE = (
    """SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'hookline_%'""",
    """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE conrelid::regclass::text LIKE 'hookline_%'""",
    """SELECT table_name || '.' || column_name,
              (ordinal_position, data_type, character_maximum_length, is_nullable, column_default)::text
       FROM information_schema.columns WHERE table_name LIKE 'hookline_%'""",
)


def of_hookline(item: Any, *_: Any) -> bool:
    return str(getattr(item, "table", item).name).startswith("hookline_")


def differences(engine: Engine) -> Any:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": of_hookline}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def structure(engine: Engine) -> dict[str, Any]:
    """Return everything the database says about Hookline's tables."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'hookline_%'")
            )
            return {name: " ".join((sql or "").split()) for name, sql in rows}
        found: dict[str, Any] = {}
        for query in CATALOGUE:
            found |= {row[0]: row[1] for row in connection.execute(text(query))}
        return found


def drop(engine: Engine) -> None:
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE IF EXISTS {HooklineDBManager.version_table_name}"))


def test_the_migrations_make_what_the_models_say(manager: HooklineDBManager, engine: Engine) -> None:
    manager.upgradedb(use_migration_files=True)
    assert differences(engine) == []
    assert manager.check_migration()


def test_the_models_make_what_the_migrations_make(manager: HooklineDBManager, engine: Engine) -> None:
    manager.upgradedb(use_migration_files=True)
    by_migrations = structure(engine)
    drop(engine)
    Base.metadata.create_all(engine)
    by_models = structure(engine)
    assert set(by_migrations) == set(by_models)
    if engine.dialect.name == "postgresql":  # SQLite keeps the text of each statement as it was written
        assert by_migrations == by_models


def test_a_fresh_database_needs_no_migration_afterwards(manager: HooklineDBManager, engine: Engine) -> None:
    manager.initdb()
    assert manager.check_migration()
    assert differences(engine) == []
    manager.upgradedb()
    assert differences(engine) == []


def test_downgrading_to_the_beginning_leaves_nothing(manager: HooklineDBManager, engine: Engine) -> None:
    manager.upgradedb(use_migration_files=True)
    command.downgrade(manager.get_alembic_config(), "base")
    assert structure(engine) == {}
    assert inspect(engine).get_table_names() == [HooklineDBManager.version_table_name]


def test_upgrading_after_a_downgrade_works(manager: HooklineDBManager, engine: Engine) -> None:
    manager.upgradedb(use_migration_files=True)
    command.downgrade(manager.get_alembic_config(), "base")
    manager.upgradedb(use_migration_files=True)
    assert differences(engine) == []


def test_there_is_one_line_of_migrations(manager: HooklineDBManager) -> None:
    script = manager.get_script_object()
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_dropping_takes_hookline_s_tables_and_no_other(manager: HooklineDBManager, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE dag_run (id INTEGER)"))
    manager.initdb()
    with engine.begin() as connection:
        manager.drop_tables(connection)
    manager.session.rollback()
    assert inspect(engine).get_table_names() == ["dag_run"]


def test_migrating_leaves_airflow_s_tables_alone(manager: HooklineDBManager, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE dag_run (id INTEGER)"))
    manager.upgradedb(use_migration_files=True)
    assert "dag_run" in inspect(engine).get_table_names()


def test_airflow_db_migrate_creates_the_tables(tmp_path: Path) -> None:
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=200,
    )
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert {table.name for table in Base.metadata.sorted_tables} <= tables
        assert connection.execute(
            f"SELECT count(*) FROM {HooklineDBManager.version_table_name}"
        ).fetchone() == (1,)
