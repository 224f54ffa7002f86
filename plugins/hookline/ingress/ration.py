"""How often strangers may have the secrets backends asked for names that nobody knows."""

from __future__ import annotations

import time
from collections import OrderedDict

from hookline.protocol.networks import group
from hookline.protocol.rate import Rate, take

ALL = Rate(50, 5)
"""Of all clients together: 50 at once, 10 per second."""
EACH = Rate(20, 10)
"""Of one client, so that none of them uses up what all have."""
MOST_CLIENTS = 5000


class Ration:
    """Two buckets for each request: its client's and everybody's."""

    def __init__(self) -> None:
        self._all = 0.0
        self._each: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str) -> bool:
        """Tell whether one more unknown name may be asked for.

        :param client: address of who asks.
        """
        now = time.monotonic()
        key = group(client)
        own, wait = take(self._each.get(key, 0.0), now, EACH)
        if wait > 0:
            return False
        everybody, wait = take(self._all, now, ALL)
        if wait > 0:
            return False
        self._all = everybody
        self._each[key] = own
        self._each.move_to_end(key)
        while len(self._each) > MOST_CLIENTS:
            self._each.popitem(last=False)
        return True
