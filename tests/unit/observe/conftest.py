"""An observer, and what it put into the outbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from hookline.database import engine
from hookline.observe.plans import Plans
from hookline.observe.sweep import Observer
from hookline.outbox.models import Delivery
from tests.unit.observe import airflow_rows

Messages = Callable[[], list[Any]]


@pytest.fixture
def observer(metadata: str) -> Observer:
    """An observer that has begun, of a database without runs."""
    airflow_rows.empty()
    made = Observer(Plans(), "https://airflow.example")
    made.look()
    return made


@pytest.fixture
def messages() -> Messages:
    """Return a function for the rows of the outbox, oldest first, payloads parsed."""

    def read() -> list[Any]:
        with engine().connect() as connection:
            rows = connection.execute(select(Delivery.__table__).order_by(Delivery.seq)).mappings().all()
        return [dict(row) | {"payload": json.loads(row["payload"])} for row in rows]

    return read
