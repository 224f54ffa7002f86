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
SAMPLES = 20
FLOW_SECONDS = 60.0
LOSS_ANSWERS = 5000
LOSS_SECONDS = 8.0
SETTLE_SECONDS = 150.0
WARM_SECONDS = 2.0
RATE_SECONDS = 12.0


@dataclass(frozen=True)
class Figures:
    """What was seen of one peer."""

    rate: float
    """Accepted requests per second."""
    p50: float
    p99: float
    """Latency of the answer in milliseconds, under that load."""
    refused: int
    """Requests that were not answered, or not with 2xx."""
    first_step: float
    """Seconds from sending a request until its flow's first step, median."""
    answered: int
    """Requests that were answered with 2xx before SIGKILL."""
    lost: int
    """Those of them whose flow never started."""


def measure(peer: Peer) -> Figures:
    """Measure a peer that has started."""
    first_step = statistics.median(delays(peer))
    answered = kill_under_load(peer)
    peer.restart()
    lost = len(answered - settled(peer))
    peer.rest()
    load(peer, WARM_SECONDS)
    result = load(peer, RATE_SECONDS)
    accepted = result["requests"] - result["refused"]
    return Figures(
        rate=accepted / result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        refused=result["refused"] + result["cut"],
        first_step=first_step,
        answered=len(answered),
        lost=lost,
    )


def delays(peer: Peer) -> list[float]:
    """Return the seconds from sending until the ledger's line, for one request after the other."""
    numbers = itertools.count()
    found = []
    for _ in range(SAMPLES):
        delivery = numbered.new_id(numbers)
        body, fields = peer.request().with_id(delivery)
        began = time.perf_counter()
        answer = ask("POST", peer.request().url, body=body, headers=fields)
        if answer.status // 100 != 2:
            raise DemoError(f"{peer.name} answered a single request with {answer.status}.")
        while delivery not in ledger(peer):
            if time.perf_counter() - began > FLOW_SECONDS:
                raise DemoError(f"{peer.name} started no flow within {FLOW_SECONDS:.0f} s.")
            time.sleep(0.001)
        found.append(time.perf_counter() - began)
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
    """Wait until no more flows start; return the ids of those that did."""
    deadline = time.monotonic() + SETTLE_SECONDS
    count, since = peer.count(), time.monotonic()
    while time.monotonic() - since < peer.patience and time.monotonic() < deadline:
        time.sleep(0.5)
        now = peer.count()
        if now != count:
            count, since = now, time.monotonic()
    return peer.started()


def load(peer: Peer, seconds: float) -> dict[str, float]:
    """Return what load without a kill gives."""
    return numbered.run(Load(peer.request(), CLIENTS, seconds, str(peer.folder / "answered")))[0]
