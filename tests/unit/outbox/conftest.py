"""Both databases that the outbox is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from hookline import database
from hookline.orm import Base
from hookline.outbox.models import Attempt, Delivery, EndpointState


@pytest.fixture(params=["sqlite", "postgresql"])
def outbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Hookline's engine on an empty outbox; gives the name of the dialect."""
    url = f"sqlite:///{tmp_path}/outbox.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    database.dispose()
    tables = [model.__table__ for model in (Delivery, Attempt, EndpointState)]
    Base.metadata.create_all(database.engine(), tables=tables)
    yield request.param
    with database.engine().begin() as connection:
        for table in tables:
            connection.execute(delete(table))
    database.dispose()
