"""The metadata database of these tests: SQLite, made by ``airflow db migrate``, once per process."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Query = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def database_file() -> Path:
    """A migrated metadata database, at the place that Airflow's default configuration names."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=200
    )
    return Path(os.environ["AIRFLOW_HOME"], "airflow.db")


@pytest.fixture
def query(database_file: Path) -> Iterator[Query]:
    """Run SQL beside the code under test; the inbox is empty at first."""
    with closing(sqlite3.connect(database_file, timeout=30, isolation_level=None)) as connection:
        connection.execute("DELETE FROM hookline_event")
        connection.execute("DELETE FROM hookline_refusal")
        yield lambda sql, *values: connection.execute(sql, values).fetchall()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def metadata(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A metadata database with the tables of Airflow and Hookline; gives the name of the dialect."""
    import airflow.models
    from airflow.models.base import Base as AirflowBase
    from airflow.models.tasklog import LogTemplate
    from sqlalchemy.orm import Session

    from hookline import database, db_manager

    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('metadata')}/airflow.db"
    else:
        url = request.getfixturevalue("postgres_url")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
        database.dispose()
        airflow.models.import_all_models()
        tables = [AirflowBase.metadata, db_manager.HooklineDBManager.metadata]
        for one in tables:
            one.drop_all(database.engine())
            one.create_all(database.engine())
        with Session(database.engine()) as session, session.begin():
            session.add(LogTemplate(filename="x", elasticsearch_id="x"))  # each run refers to one
        try:
            yield request.param
        finally:
            for one in tables:
                one.drop_all(database.engine())
            database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def outbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Hookline's engine on an empty outbox; gives the name of the dialect."""
    url = f"sqlite:///{tmp_path}/outbox.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    from sqlalchemy import delete

    from hookline import database
    from hookline.orm import Base
    from hookline.outbox.models import Attempt, Delivery, EndpointState

    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    database.dispose()
    tables = [model.__table__ for model in (Delivery, Attempt, EndpointState)]
    Base.metadata.create_all(database.engine(), tables=tables)
    yield request.param
    with database.engine().begin() as connection:
        for table in tables:
            connection.execute(delete(table))
    database.dispose()
