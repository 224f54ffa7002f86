"""What is measured of each peer, in this order: latency on an idle system, loss on SIGKILL, rate."""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass

from benchmarks.apparatus import numbered
from benchmarks.apparatus.numbered import Load
from benchmarks.apparatus.peers.peer import Peer
from demo.errors import DemoError
from demo.rest import request as ask

CLIENTS = 64
SAMPLES = 12
FLOW_SECONDS = 60.0
LOSS_ANSWERS = 5000
LOSS_SECONDS = 8.0
SETTLE_SECONDS = 150.0
WARM_SECONDS = 2.0
ROUND_SECONDS = 5.0
ROUNDS = 3


@dataclass(frozen=True)
class Figures:
    """What was seen of one peer."""

    rates: list[float]
    """Accepted requests per second, in each round, lowest first."""
    p50: float
    p99: float
    """Latency of the answer in milliseconds under that load, in the round of the median rate."""
    refused: int
    """Requests of all rounds that were not answered, or not with 2xx."""
    idle: float
    """Seconds until the answer to a single request, median."""
    first_step: float
    """Seconds from sending a single request until its flow's first step, median."""
    answered: int
    """Requests that were answered with 2xx before SIGKILL."""
    lost: int
    """Those of them whose flow never started."""

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def measure(peer: Peer) -> Figures:
    """Measure a peer that has started."""
    idle, first_step = (statistics.median(times) for times in zip(*delays(peer), strict=True))
    answered = kill_under_load(peer)
    peer.restart()
    lost = len(answered - settled(peer))
    peer.rest()
    load(peer, WARM_SECONDS)
    rounds = sorted((load(peer, ROUND_SECONDS) for _ in range(ROUNDS)), key=rate)
    middle = rounds[ROUNDS // 2]
    return Figures(
        rates=[rate(one) for one in rounds],
        p50=middle["p50"],
        p99=middle["p99"],
        refused=round(sum(one["refused"] + one["cut"] for one in rounds)),
        idle=idle,
        first_step=first_step,
        answered=len(answered),
        lost=lost,
    )


def rate(measured: dict[str, float]) -> float:
    """Return the accepted requests per second of a load."""
    return (measured["requests"] - measured["refused"]) / measured["seconds"]


def delays(peer: Peer) -> list[tuple[float, float]]:
    """Return the seconds until the answer and until the ledger's line, of one request after the other."""
    numbers = itertools.count()
    found = []
    for _ in range(SAMPLES):
        delivery = numbered.new_id(numbers)
        body, fields = peer.request().with_id(delivery)
        began = time.perf_counter()
        answer = ask("POST", peer.request().url, body=body, headers=fields)
        answered = time.perf_counter() - began
        if answer.status // 100 != 2:
            raise DemoError(f"{peer.name} answered a single request with {answer.status}.")
        while delivery not in ledger(peer):
            if time.perf_counter() - began > FLOW_SECONDS:
                raise DemoError(f"{peer.name} started no flow within {FLOW_SECONDS:.0f} s.")
            time.sleep(0.001)
        found.append((answered, time.perf_counter() - began))
        time.sleep(0.2)
    return found


def ledger(peer: Peer) -> str:
    return peer.ledger.read_text() if peer.ledger.exists() else ""


def kill_under_load(peer: Peer) -> set[str]:
    """Send until enough is answered, kill the peer meanwhile; return the ids that were answered."""
    wanted = Load(
        peer.request(), CLIENTS, LOSS_SECONDS, str(peer.folder / "answered"), LOSS_ANSWERS, peer.groups()
    )
    return numbered.run(wanted)[1]


def settled(peer: Peer) -> set[str]:
    """Wait until no more flows start; return the ids of those that did.

    :raises DemoError: they do not cease to start, so that nobody can say what is lost.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    count, since = peer.count(), time.monotonic()
    while time.monotonic() - since < peer.patience:
        if time.monotonic() > deadline:
            raise DemoError(f"{peer.name} still starts flows after {SETTLE_SECONDS:.0f} s.")
        time.sleep(0.5)
        now = peer.count()
        if now != count:
            count, since = now, time.monotonic()
    return peer.started()


def load(peer: Peer, seconds: float) -> dict[str, float]:
    """Return what load without a kill gives."""
    return numbered.run(Load(peer.request(), CLIENTS, seconds, str(peer.folder / "answered")))[0]
