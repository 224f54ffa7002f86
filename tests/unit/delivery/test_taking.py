"""What one look at the outbox takes, and what it leaves as it was."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline.delivery.settings import Settings
from hookline.delivery.taking import Taking
from hookline.delivery.targets import Targets
from hookline.outbox import claims, reading
from hookline.outbox.message import Endpoint
from hookline.outbox.models import EndpointState
from hookline.protocol.breaker import HALF_OPEN, OPEN
from tests.unit.delivery.running import add, inside
from tests.unit.outbox.messages import message

pytestmark = pytest.mark.usefixtures("outbox")


@pytest.mark.parametrize(
    ("in_flight", "endpoints", "taken"),
    [(1, 5, 2), (200, claims.MOST_ENDPOINTS + 5, claims.MOST_ENDPOINTS)],
    ids=["little room", "more endpoints than one statement takes"],
)
def test_an_endpoint_is_probed_only_by_what_is_taken(in_flight: int, endpoints: int, taken: int) -> None:
    for number in range(endpoints):
        add(message(number, endpoint=Endpoint(url=f"https://a.example/{number}")))
    now = datetime.now(UTC)
    opened = update(EndpointState).values(state=OPEN, failures=5, probe_at=now - timedelta(seconds=1))
    inside(lambda session: session.execute(opened))

    async def take() -> int:
        settings = Settings(in_flight=in_flight)
        taking = Taking(settings, Targets(settings.timeout), lambda: None)

        def look(session: Session) -> int:
            connection = session.connection()
            return len(taking.take(connection, claims.due_endpoints(connection, now), now))

        found: int = inside(look)
        return found

    assert asyncio.run(take()) == taken
    probed = inside(lambda session: reading.endpoints(session, state=HALF_OPEN, limit=500))
    assert len(probed) == taken
