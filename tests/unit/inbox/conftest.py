"""Both databases that the inbox is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from hookline import database
from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import Refusal
from hookline.orm import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def inbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Hookline's engine on an empty inbox; gives the name of the dialect."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/inbox.db"
    else:
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    database.dispose()
    Base.metadata.create_all(database.engine())
    try:
        yield request.param
    finally:
        with database.engine().begin() as connection:
            connection.execute(delete(InboxEvent))
            connection.execute(delete(Refusal))
        database.dispose()
