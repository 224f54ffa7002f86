"""Two gateways and two Hookline workers against one of each, and one of each with millions of old events.

``python -m benchmarks.scale [OLD] [BACKLOG] [SECONDS] [ROUNDS]``: how many events are in the tables already,
how many are dispatched in a round, how long is accepted in one, how many rounds; the medians count.

Two databases of one PostgreSQL with fsync on: a new one, and a copy of it with the old events and their
jobs. Scheduler, api-server, dag-processor and triggerer are stopped. A gateway keeps a core busy, and
database and load generator have to run somewhere too: with less than four cores, gateways and workers have
half a core each, in turns (``benchmarks/apparatus/share.py``), as on machines of their own. What one and two
do with whole cores is told as well, of one round.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks import accept, dispatch
from benchmarks.apparatus import load, old_events
from benchmarks.apparatus.share import Share
from demo.components import Component
from demo.ports import LOOPBACK, free_port
from demo.rest import request
from demo.settings import variable
from demo.stack import REPOSITORY, Stack, airflow

OLD, BACKLOG, SECONDS, ROUNDS = 5_000_000, 1200, 4.0, 3
CLIENTS = 32
"""Of each gateway."""
PARTS = 1 if (os.cpu_count() or 1) >= 4 else 2
"""Of a core, of which each gateway and worker has one."""
BODY = json.dumps({"specversion": "1.0", "data": {"text": "x" * 300}})
WANTED, ALLOWED = 1.6, 0.9
"""Two of one, and with full tables of with empty ones."""


class System:
    """Gateways and workers of one database."""

    def __init__(self, stack: Stack, name: str, url: str, replicas: int) -> None:
        self._stack = stack
        self._name = name
        self._environment = {variable("database.sql_alchemy_conn"): url}
        self.engine: Engine = create_engine(url)
        self._gateways = [self._gateway(number) for number in range(replicas)]
        self._workers: list[Component] = []

    def _gateway(self, number: int) -> tuple[str, Component]:
        port = free_port()
        command = airflow("hookline", "gateway", "--host", LOOPBACK, "--port", str(port))
        name = f"gateway-{self._name}-{number}"
        return f"http://{LOOPBACK}:{port}", self._spawn(name, command, port)

    def _spawn(self, name: str, command: Sequence[str], port: int) -> Component:
        made = self._stack.spawn(name, command, environment=self._environment)
        if not self._stack.wait_for(
            lambda: request("GET", f"http://{LOOPBACK}:{port}/hooks/health").status == 200, 60
        ):
            raise SystemExit(f"{name} is not ready.")
        return made

    def accepting(self, replicas: int, seconds: float, parts: int) -> float:
        """Return the accepted events per second of some gateways."""
        some = self._gateways[:replicas]
        urls = [f"{url}/hooks/in/bench/order/paid" for url, _ in some]

        def send(seconds: float) -> list[dict[str, Any]]:
            with ThreadPoolExecutor(len(urls)) as threads:
                sent = [
                    threads.submit(load.run, url, CLIENTS, seconds, accept.fields(), accept.BODY)
                    for url in urls
                ]
            return [one.result() for one in sent]

        send(0.5)
        with held([gateway for _, gateway in some], parts):
            results = send(seconds)
        if any(result["refused"] for result in results):
            raise SystemExit("A gateway refused requests; the figure would mean nothing.")
        return float(sum(result["requests"] / result["seconds"] for result in results))

    def dispatching(self, replicas: int, name: str, count: int, parts: int) -> float:
        """Return the dispatched events per second of some workers."""
        while len(self._workers) < replicas:
            port = free_port()
            command = airflow("hookline", "worker", "--health-port", str(port))
            number = len(self._workers)
            self._workers.append(self._spawn(f"worker-{self._name}-{number}", command, port))
        self.stop_workers(replicas)
        with held(self._workers, parts):
            return dispatch.dispatch_rate(self.engine, name, count)

    def stop_workers(self, but: int) -> None:
        """Stop workers but for some."""
        while len(self._workers) > but:
            worker = self._workers.pop()
            del self._stack.components[worker.name]
            worker.stop()


def held(components: Sequence[Component], parts: int) -> Any:
    """Return a context in which the components have a part of a core each."""
    return nullcontext() if parts == 1 else Share([one.pid or 0 for one in components], parts)


def copy(stack: Stack) -> str:
    """Copy the stack's database, which nobody uses now; return the copy's URL."""
    url = make_url(stack.database_url)
    # A database cannot be copied over a connection to itself.
    engine = create_engine(url.set(database="template1"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE full_tables TEMPLATE "{url.database}"'))
    engine.dispose()
    return url.set(database="full_tables").render_as_string(hide_password=False)


def modes(number: int) -> set[int]:
    """Return into how many parts cores are divided in a round; once they are whole."""
    return {PARTS, 1} if number == 0 else {PARTS}


def measure(stack: Stack, old: int, backlog: int, seconds: float, rounds: int) -> dict[str, float]:
    """Return the medians of all rates."""
    full_url = copy(stack)
    began = time.monotonic()
    old_events.fill(full_url, old, BODY)
    print(f"{old} old events and their jobs, made in {time.monotonic() - began:.0f} s", flush=True)
    rates: dict[str, list[float]] = defaultdict(list)
    new = System(stack, "new", stack.database_url, 2)
    full = System(stack, "full", full_url, 1)
    measured = (("one", new, 1), ("full", full, 1), ("two", new, 2))
    # Dispatching first: what the gateways accept afterwards would be dispatched too.
    for number in range(rounds):
        for name, system, replicas in measured:
            for parts in modes(number):
                rate = system.dispatching(replicas, f"{name}{number}{parts}", backlog, parts)
                rates[f"dispatch {name} {parts}"].append(rate)
    new.stop_workers(0)
    full.stop_workers(0)
    for number in range(rounds):
        for name, system, replicas in measured:
            for parts in modes(number):
                rates[f"accept {name} {parts}"].append(system.accepting(replicas, seconds, parts))
    new.engine.dispose()
    full.engine.dispose()
    for name, some in rates.items():
        print(f"{name:20}", *(f"{rate:8.0f}" for rate in some), "/s", flush=True)
    return {name: statistics.median(some) for name, some in rates.items()}


def report(**result: Any) -> None:
    print(json.dumps({**result, "ratio": round(result["value"] / result["reference"], 2)}))


def main() -> None:
    given = sys.argv[1:]
    old, backlog = (int(value) for value in (*given[:2], *(OLD, BACKLOG)[len(given) :]))
    seconds = float(given[2]) if len(given) > 2 else SECONDS
    rounds = int(given[3]) if len(given) > 3 else ROUNDS
    environment = {
        "AIRFLOW_CONN_BENCH": json.dumps(accept.SOURCE),
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        dags.mkdir()
        (dags / "dispatch.py").write_text((REPOSITORY / "benchmarks/dags/dispatch.py").read_text())
        stack = Stack(Path(folder) / "stack", port=0, dags_folder=dags, environment=environment)
        with stack:
            stack.wait_ready()
            if not stack.wait_for(lambda: stack.api("GET", f"/dags/{dispatch.DAG}").status == 200, 90):
                raise SystemExit("The Dag was not parsed.")
            for name in ("scheduler", "dag-processor", "triggerer", "api-server"):
                stack.components.pop(name).stop()
            found = measure(stack, old, backlog, seconds, rounds)
    held = "whole cores" if PARTS == 1 else f"1/{PARTS} of a core for each, in turns"
    conditions = f"{held}, medians of {rounds}, PostgreSQL, {os.cpu_count()} cores"
    for what, unit in (("dispatch", "events/s"), ("accept", "accepted events/s")):
        report(
            name=f"scale_{what}_full_tables",
            value=round(found[f"{what} full {PARTS}"]),
            unit=unit,
            reference=round(found[f"{what} one {PARTS}"]),
            conditions=f"one replica, {old} old events and their jobs, at least {ALLOWED} of the reference: "
            f"new tables; {conditions}",
        )
    for what, unit in (("dispatch", "events/s"), ("accept", "accepted events/s")):
        report(
            name=f"scale_{what}",
            value=round(found[f"{what} two {PARTS}"]),
            unit=unit,
            reference=round(found[f"{what} one {PARTS}"]),
            conditions=f"two replicas, at least {WANTED} of the reference: one; {conditions}",
        )


if __name__ == "__main__":
    main()
