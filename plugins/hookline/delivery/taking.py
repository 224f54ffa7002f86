"""Which deliveries to take: as many of each endpoint as its breaker, its rate and the room allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hookline.delivery.settings import Settings
from hookline.delivery.traffic import Traffic, ordered
from hookline.outbox import claims
from hookline.outbox.message import Endpoint
from hookline.protocol.breaker import CLOSED, DISABLED

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy import Connection

    from hookline.delivery.targets import Targets
    from hookline.http.target import Target
    from hookline.protocol.rate import Rate

AHEAD = 2
"""Deliveries that are taken for each that is in flight, so that none has to wait for the database."""


class Taking:
    """Takes deliveries for one process.

    :param look: called when a Connection was looked up that was waited for.
    """

    def __init__(self, settings: Settings, targets: Targets, look: Callable[[], None]) -> None:
        self.traffic = Traffic(AHEAD * settings.in_flight)
        self._settings = settings
        self._targets = targets
        self._look = look
        self._turn_at: dict[str, float] = {}

    def take(self, connection: Connection, due: Sequence[Any], now: datetime) -> list[tuple[Any, bool]]:
        """Return deliveries, each with whether its endpoint is troubled.

        :param due: endpoints for which something is due, as rows.
        """
        rates: dict[str, Rate] = {}
        wanted: list[tuple[str, int]] = []
        troubled: set[str] = set()
        for row in due:
            if row.state == DISABLED:
                claims.hold(connection, row.key, row.reason, now)
                continue
            if row.failures or row.state != CLOSED:
                troubled.add(row.key)
            if row.state != CLOSED:
                wanted.extend(self._probe(connection, row, now))
                continue
            limits = self._limits(row)
            if limits is None or self._turn_at.get(row.key, 0.0) > time.monotonic():
                continue
            most, rate = limits
            if rate is not None:
                rates[row.key] = rate
            wanted.append((row.key, 1 if row.ordered else most))
        shares = self.traffic.shares(wanted)
        for key in rates.keys() & shares.keys():
            shares[key], wait = claims.turns(connection, key, rates[key], shares[key], now)
            if not shares[key]:
                self._turn_at[key] = time.monotonic() + wait
        shares = {key: share for key, share in shares.items() if share}
        bounds: dict[str, Any] = {"lease": self._settings.lease, "most_bytes": self._settings.most_bytes}
        taken = claims.claim(connection, shares, ordered(due), now, **bounds)
        return [(row, row.endpoint in troubled) for row in taken]

    def _probe(self, connection: Connection, row: Any, now: datetime) -> list[tuple[str, int]]:
        if self.traffic.of(row.key) or not self.traffic.room:
            return []
        return [(row.key, 1)] if claims.probe(connection, row.key, now, self._settings.lease) else []

    def _limits(self, row: Any) -> tuple[int, Rate | None] | None:
        if row.conn_id is None:
            return self._settings.per_endpoint, None
        # Looked up before anything is taken: a slow secrets backend is to hold no delivery.
        looked: asyncio.Future[Target] = self._targets.begin(Endpoint(conn_id=row.conn_id))
        if not looked.done():
            looked.add_done_callback(lambda _: self._look())
            return None
        if looked.cancelled() or looked.exception():
            return 1, None  # the attempt says what is wrong
        target = looked.result()
        return min(self._settings.per_endpoint, target.max_concurrent_calls), target.rate_limit
