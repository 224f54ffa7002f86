"""What ``doctor`` says of messages that do not arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from hookline import database
from hookline.cli import check_deliveries
from hookline.cli.finding import Level
from hookline.outbox.models import DEAD, DELIVERED, PENDING, Delivery, EndpointState
from tests.unit.delivery.running import add
from tests.unit.outbox.messages import message

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


def levels() -> dict[str, Level]:
    return {one.subject: one.level for one in check_deliveries.findings()}


@pytest.fixture
def change(metadata: str) -> Callable[..., None]:
    """Put one message into the outbox; return what changes its rows."""
    with database.engine().begin() as connection:
        for model in (Delivery, EndpointState):
            connection.execute(delete(model))
    add(message(1))

    def write(model: Any, **values: Any) -> None:
        with database.engine().begin() as connection:
            connection.execute(update(model).values(**values))

    return write


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (Delivery, {"state": DELIVERED}, {"deliveries": Level.OK}),
        (Delivery, {"state": PENDING}, {"deliveries": Level.OK}),
        (Delivery, {"state": DEAD}, {"deliveries": Level.OK, "dead deliveries": Level.WARN}),
        (Delivery, {"added_at": LONG_AGO}, {"deliveries": Level.WARN}),
        (EndpointState, {"state": "open"}, {"deliveries": Level.OK, "open endpoints": Level.WARN}),
        (EndpointState, {"state": "disabled"}, {"deliveries": Level.OK, "disabled endpoints": Level.WARN}),
    ],
    ids=["delivered", "pending", "dead", "late", "open", "disabled"],
)
def test_what_is_found(
    change: Callable[..., None], model: Any, values: dict[str, Any], expected: dict[str, Level]
) -> None:
    change(model, **values)
    assert levels() == expected
