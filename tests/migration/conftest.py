"""Databases without Hookline's tables, as ``hookline.db_manager`` meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from hookline.db_manager import HooklineDBManager


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Engine]:
    """An empty database that Airflow's settings name as the metadata database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/airflow.db"
    else:
        url = request.getfixturevalue("postgres_url")
    made = create_engine(url)
    if request.param == "postgresql":
        with made.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    monkeypatch.setattr(settings, "engine", made)
    monkeypatch.setattr(settings, "SQL_ALCHEMY_CONN", url)
    yield made
    made.dispose()


@pytest.fixture
def manager(engine: Engine) -> Iterator[HooklineDBManager]:
    """The manager that ``airflow db migrate`` runs."""
    with Session(engine) as session:
        yield HooklineDBManager(session)
