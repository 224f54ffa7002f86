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
