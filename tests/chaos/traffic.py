"""Senders as vendors are: each delivery has an id and is repeated, at any gateway, until it has a 2xx."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from demo.topology import Topology

GATEWAYS = ("gateway-1", "gateway-2")
AGAIN = 0.02
"""Share of the accepted deliveries that are sent once more."""
TIMEOUT = (2, 10)
KEY = "a-key-of-the-chaos-senders"


def sources() -> dict[str, str]:
    """Return the Connections of the senders."""
    extra = {"auth_type": "api_key", "event_id": "header:X-Delivery-Id", "rate_limit": "100000/second"}
    made = {
        "orders": extra,
        "answers": {**extra, "correlation": "query:key"},
    }
    return {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": "webhook", "password": KEY, "extra": one})
        for name, one in made.items()
    }


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a sender."""

    id: str
    path: str
    query: Mapping[str, str]
    data: Any


def orders(kinds: Mapping[str, int]) -> list[Delivery]:
    """Return deliveries that start ``orders.{kind}``."""
    return [
        Delivery(f"{kind}-{number}", f"orders/{kind}", {}, {"n": number})
        for kind, count in kinds.items()
        for number in range(count)
    ]


def answers(runs: Iterable[str], width: int) -> list[Delivery]:
    """Return what the waits of runs wait for, exactly as many as they need.

    :param width: waits of one task.
    """
    return [
        Delivery(f"{run}-{kind}-{number}", "answers", {"key": f"{run}/{key}"}, {"n": number})
        for run in runs
        for number in range(width)
        for kind, key in (("own", str(number)), ("any", "any"))
    ]


class Senders:
    """Sends deliveries from several threads.

    :param seconds: over which they are spread.
    """

    def __init__(self, topology: Topology, deliveries: list[Delivery], seed: int, seconds: float) -> None:
        self._urls = [f"http://127.0.0.1:{topology.placement.port(name, 8085)}/hooks/in" for name in GATEWAYS]
        self._random = random.Random(seed)
        self._random.shuffle(deliveries)
        self._pause = seconds / max(len(deliveries), 1)
        self._left = iter(deliveries)
        self._number = itertools.count()
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self.accepted: set[str] = set()
        self.refused: dict[str, str] = {}
        """Answers other than 2xx and 503, by delivery: no kill excuses one."""
        self.attempts = 0
        self._threads = [threading.Thread(target=self._send) for _ in range(8)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every delivery is accepted."""
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        session = requests.Session()
        while True:
            with self._lock:
                delivery = next(self._left, None)
                due = self._began + next(self._number) * self._pause
                again = self._random.random() < AGAIN
            if delivery is None:
                return
            time.sleep(max(0.0, due - time.monotonic()))  # the moment a sender has something to tell
            for _ in range(1 + again):
                while not self._settled(session, delivery):
                    time.sleep(0.2)

    def _settled(self, session: requests.Session, delivery: Delivery) -> bool:
        """Send it once; return whether the sender is done with it."""
        with self._lock:
            self.attempts += 1
            url = self._random.choice(self._urls)
        try:
            answer = session.post(
                f"{url}/{delivery.path}",
                json=delivery.data,
                params=delivery.query,
                headers={"X-API-Key": KEY, "X-Delivery-Id": delivery.id},
                timeout=TIMEOUT,
            )
        except requests.RequestException:
            return False
        with self._lock:
            if answer.ok:
                self.accepted.add(delivery.id)
            elif answer.status_code != 503:
                self.refused[delivery.id] = f"{answer.status_code} {answer.text}"
        return answer.status_code != 503
