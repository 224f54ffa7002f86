"""How long the console takes with a million events and three million jobs in PostgreSQL, page by page.

``python -m benchmarks.console [EVENTS [REQUESTS]]``. An api-server as users have it, asked over loopback by
one client, with a login, for each page of the console and for the call of the management API behind it: each
list, each filter alone and together, first page and one in the middle, each detail. The figure of a page is
the median of 15 requests, after one that does not count. The reference is the same with a thousand events.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.apparatus.looks import Look, looks
from benchmarks.apparatus.month import fill
from demo.postgres import Postgres
from demo.stack import airflow
from tests.integration.gateway import Served

EVENTS, FEW = 1_000_000, 1_000
REQUESTS = 15
ROLES = ("admin", "viewer")
BOUND = 300.0
SLOWEST = 25
"""Lines of the table; the others are faster."""


@contextmanager
def served(folder: Path, database: str) -> Iterator[dict[str, httpx.Client]]:
    """Run an api-server; give a client for each role."""
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps({role: f"the-password-of-{role}" for role in ROLES}))
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in ROLES),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
    }
    subprocess.run(airflow("db", "migrate"), env=environment, check=True, capture_output=True)
    with Served(environment, folder / "log", "api-server", "--workers", "1") as server:
        yield {role: _client(server.url, role) for role in ROLES}


def _client(url: str, role: str) -> httpx.Client:
    login = {"username": role, "password": f"the-password-of-{role}"}
    token = httpx.post(f"{url}/auth/token", json=login, timeout=60).raise_for_status().json()["access_token"]
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def milliseconds(client: httpx.Client, look: Look, requests: int) -> float:
    """Return the median of the times until the whole answer is there."""
    times = []
    for _ in range(requests + 1):
        began = time.perf_counter()
        answer = client.get(look.path)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != httpx.codes.OK:
            raise SystemExit(f"{look.path} was answered with {answer.status_code}: {answer.text[:300]}")
    return statistics.median(times[1:])


def measure(clients: dict[str, httpx.Client], database: str, events: int, requests: int) -> dict[str, float]:
    """Fill the database, and return the figure of everything that is looked at."""
    began = time.monotonic()
    fill(database, events)
    seconds = time.monotonic() - began
    print(f"{events:,} events and {3 * events:,} jobs written in {seconds:.0f} s", flush=True)
    return {look.name: milliseconds(clients[look.role], look, requests) for look in looks(database, events)}


def main() -> None:
    """Measure and print the figures."""
    events, requests, *_ = [*map(int, sys.argv[1:]), *(EVENTS, REQUESTS)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Postgres(folder, "benchmark-only")
        server.start()
        try:
            with served(folder, server.url) as clients:
                few = measure(clients, server.url, FEW, requests)
                many = measure(clients, server.url, events, requests)
        finally:
            server.stop()
    slowest = sorted(many, key=lambda look: -many[look])
    for look in slowest[:SLOWEST]:
        print(f"{look:70} {many[look]:8.1f} ms   with {FEW:,} events {few[look]:8.1f} ms")
    worst = slowest[0]
    over = sum(figure > BOUND for figure in many.values())
    middle = statistics.median(many.values())
    print(f"{over} of {len(many)} take more than {BOUND:.0f} ms; the median is {middle:.1f} ms")
    print(
        json.dumps(
            {
                "name": "console",
                "value": round(many[worst], 1),
                "unit": "ms, the slowest page's median",
                "reference": round(few[worst], 1),
                "ratio": round(many[worst] / few[worst], 2),
                "conditions": f"{len(many)} pages and calls, {requests} requests each, {events:,} events and "
                f"{3 * events:,} jobs, PostgreSQL, one api-server; the slowest is the {worst}; "
                f"reference: the same with {FEW:,} events",
            }
        )
    )


if __name__ == "__main__":
    main()
