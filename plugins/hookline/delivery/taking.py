"""Which deliveries to take: as many of each endpoint as its breaker, its rate and the room allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from hookline.delivery.settings import Settings
from hookline.delivery.traffic import Traffic, ordered
from hookline.outbox import claims
from hookline.outbox.message import Endpoint
from hookline.protocol import breaker
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
        probes: set[str] = set()
        lease = self._settings.lease
        for row in due:
            if row.state == DISABLED:
                claims.hold(connection, row.key, row.reason, now)
                continue
            if row.failures or row.state != CLOSED:
                troubled.add(row.key)
            if row.state != CLOSED:
                probes |= self._probes(row, now)
                continue
            limits = self._limits(row)
            if limits is None or self._turn_at.get(row.key, 0.0) > time.monotonic():
                continue
            most, rate = limits
            if rate is not None:
                rates[row.key] = rate
            wanted.append((row.key, 1 if row.ordered else most))
        # Probes and turns are for what is taken now: one that is not used would be lost for a while.
        wanted += [(key, 1) for key in probes]
        shares = dict(islice(self.traffic.shares(wanted).items(), claims.MOST_ENDPOINTS))
        for key in probes & shares.keys():
            shares[key] = int(claims.probe(connection, key, now, lease))
        for key in rates.keys() & shares.keys():
            shares[key], wait = claims.turns(connection, key, rates[key], shares[key], now)
            if not shares[key]:
                self._turn_at[key] = time.monotonic() + wait
        shares = {key: share for key, share in shares.items() if share}
        size = self._settings.most_bytes
        taken = claims.claim(connection, shares, ordered(due), now, lease=lease, most_bytes=size)
        return [(row, row.endpoint in troubled) for row in taken]

    def _probes(self, row: Any, now: datetime) -> set[str]:
        began = breaker.probing(claims.state_of(row), now, self._settings.lease)
        return set() if began is None or self.traffic.of(row.key) else {row.key}

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
