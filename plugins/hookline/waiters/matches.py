"""Whether an event is one that a waiter waits for; nothing is read or written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hookline.protocol import wait
from hookline.waiters.models import ANY
from hookline.waiters.store import name_of

if TYPE_CHECKING:
    from hookline.waiters.models import Waiter


class Matches:
    """Decides for many waiters and events; each event's data is parsed once, each condition asked once."""

    def __init__(self) -> None:
        self._data: dict[int, Any] = {}
        self._known: dict[tuple[int, str], bool] = {}

    @staticmethod
    def same_key(waiter: Waiter, event: Any) -> bool:
        """Tell whether source and correlation are the waiter's."""
        return waiter.source == event.source and waiter.correlation in (ANY, event.correlation)

    def wanted(self, waiter: Waiter, event: Any) -> bool:
        """Tell whether an event of the waiter's key is one that it waits for."""
        return (
            event.received_at >= waiter.since
            and event.event_id != waiter.own_event
            and wait.fits(waiter.event_type, event.event_type)
            and (waiter.condition is None or self._fulfils(event, waiter.condition))
        )

    def stored(self, waiter: Waiter, rows: Iterable[Any]) -> list[int]:
        """Return the numbers of those stored events that count for the waiter, as few as it needs.

        :param rows: of the waiter's key, oldest first.
        """
        found: list[tuple[Any, int]] = []
        for row in rows:
            free = waiter.shared or row.taken_by in (None, name_of(waiter))
            if free and self.wanted(waiter, row):
                found.append((row.received_at, row.seq))
                if len(found) == waiter.wanted and waiter.within is None:
                    break
            self._data.pop(row.seq, None)
        if waiter.within is not None and found:
            times = [time for time, _ in found]
            group = wait.chosen(times, waiter.wanted, waiter.within)
            if group is not None:
                return [found[place][1] for place in group]
            # What is older than that cannot belong to the same group as anything that is still to come.
            found = [pair for pair in found if pair[0] >= times[-1] - timedelta(seconds=waiter.within)]
        return [seq for _, seq in found]

    def _fulfils(self, event: Any, condition: str) -> bool:
        key = (event.seq, condition)
        if key not in self._known:
            if event.seq not in self._data:
                self._data[event.seq] = json.loads(event.body).get("data")
            self._known[key] = wait.is_true(condition, self._data[event.seq])
        return self._known[key]
