"""What is under way in this process, and how much more of each endpoint there may be."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any


class Traffic:
    """Counts deliveries that were taken and have not ended.

    :param most: of all endpoints together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: Counter[str] = Counter()

    def begin(self, key: str) -> None:
        """Count one more."""
        self._under_way[key] += 1

    def end(self, key: str) -> None:
        """Count one less."""
        self._under_way[key] -= 1
        if not self._under_way[key]:
            del self._under_way[key]

    def of(self, key: str) -> int:
        """Return how many there are of an endpoint."""
        return self._under_way[key]

    @property
    def room(self) -> int:
        """How many more there may be of all."""
        return max(0, self._most - self._under_way.total())

    def shares(self, wanted: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Divide the room among endpoints, none of which is to wait for another one's backlog.

        :param wanted: endpoints, and how many more each may have.
        """
        room = self.room
        left = [(key, most - self.of(key)) for key, most in wanted if most > self.of(key)]
        random.shuffle(left)  # where there is less room than endpoints, each has its turn
        shares: dict[str, int] = {}
        for index, (key, most) in enumerate(left):
            share = min(most, -(-room // (len(left) - index)))
            if share > 0:
                shares[key] = share
                room -= share
        return shares


def ordered(rows: Sequence[Any]) -> frozenset[str]:
    """Return the keys of the endpoints among ``rows`` that want one message after the other."""
    return frozenset(row.key for row in rows if row.ordered)
