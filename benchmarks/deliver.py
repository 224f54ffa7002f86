"""Deliveries per second with every attempt recorded in PostgreSQL, against a bare ``httpx.AsyncClient``.

5,000 messages to 20 endpoints of one receiver that answers at once, 64 in flight, one process; the bare loop
posts the same bodies and keeps nothing. Then the same beside an endpoint that hangs for 15 s per request and
has as many messages waiting. Rounds take turns; the medians count.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.ports import free_port
from demo.postgres import Postgres
from demo.stack import REPOSITORY

MESSAGES = int(os.environ.get("BENCHMARK_MESSAGES", "5000"))
ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "5"))
ENDPOINTS = 20
IN_FLIGHT = 64
HANG_MILLISECONDS = 15_000
MAX_SECONDS = 300
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAYLOAD = {
    "type": "task.completed",
    "dag_id": "shop.order",
    "run_id": "webhook__shop__1",
    "data": {"order": 7, "text": "x" * 400},
}


@contextmanager
def receiver(milliseconds: int) -> Iterator[int]:
    """Run a receiver as a process of its own; give its port."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), str(milliseconds)]
    process = subprocess.Popen(command, cwd=REPOSITORY)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def connection(port: int) -> str:
    extra = {"auth_type": "standard_webhooks", "allowed_networks": "127.0.0.1"}
    fields = {"conn_type": "http_connector", "host": f"http://127.0.0.1:{port}", "password": SECRET}
    return json.dumps({**fields, "extra": extra})


async def bare(port: int) -> float:
    """Post the messages and keep nothing; return the rate."""
    import httpx

    body = json.dumps(PAYLOAD).encode()
    numbers = iter(range(MESSAGES))
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:

        async def post() -> None:
            for number in numbers:
                url = f"http://127.0.0.1:{port}/{number % ENDPOINTS}"
                answer = await client.post(url, content=body, headers={"Content-Type": "application/json"})
                answer.raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(IN_FLIGHT)))
        return MESSAGES / (time.perf_counter() - started)


def fill(conn_id: str, endpoints: int, messages: int, name: str) -> None:
    """Put messages into the outbox."""
    from sqlalchemy.orm import Session

    from hookline import database
    from hookline.outbox import store
    from hookline.outbox.message import Endpoint, Outgoing

    where = [Endpoint(conn_id=conn_id, path=f"/{number}") for number in range(endpoints)]
    made = [
        Outgoing(
            f"msg_{name}{number:08}", "benchmark", where[number % endpoints], "shop.order", f"run-{number}",
            "pay", -1, 1, "completed", datetime.now(UTC), PAYLOAD,
        )
        for number in range(messages)
    ]  # fmt: skip
    with Session(database.engine()) as session, session.begin():
        assert store.add(session, made) == messages


async def deliver(endpoint: str) -> float:
    """Deliver what waits for endpoints whose name begins so; return the rate."""
    from sqlalchemy import func, select

    from hookline import database
    from hookline.delivery.loop import Deliverer
    from hookline.delivery.settings import Settings
    from hookline.outbox.models import Attempt, Delivery

    waiting = select(Delivery.seq).where(Delivery.state == "pending", Delivery.endpoint.like(f"{endpoint} %"))

    def left() -> bool:
        with database.autocommit() as connection:
            return connection.execute(waiting.limit(1)).first() is not None

    deliverer = Deliverer(Settings(in_flight=IN_FLIGHT), poll=1.0)
    started = time.perf_counter()
    running = asyncio.create_task(deliverer.run())
    while await asyncio.to_thread(left):
        if time.perf_counter() - started > MAX_SECONDS or running.done():
            raise SystemExit("The deliveries did not end; the figure would mean nothing.")
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - started
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with database.autocommit() as one:
        arrived = one.execute(
            select(func.count()).select_from(Attempt).where(Attempt.status == 200)
        ).scalar_one()
    if arrived < MESSAGES:
        raise SystemExit(f"{arrived} of {MESSAGES} attempts are recorded; the figure would mean nothing.")
    return MESSAGES / seconds


def empty() -> None:
    from sqlalchemy import text

    from hookline import database

    with database.autocommit() as one:
        one.execute(text("TRUNCATE hookline_delivery, hookline_attempt, hookline_endpoint"))
        one.execute(text("VACUUM ANALYZE hookline_delivery"))


def alone(number: int) -> float:
    empty()
    fill("well", ENDPOINTS, MESSAGES, f"a{number}-")
    return asyncio.run(deliver("well"))


def beside_one_that_hangs(number: int) -> float:
    empty()
    fill("hangs", 1, MESSAGES, f"h{number}-")
    fill("well", ENDPOINTS, MESSAGES, f"w{number}-")
    return asyncio.run(deliver("well"))


DELIVERIES = {"alone": alone, "beside": beside_one_that_hangs}


def report(**result: Any) -> None:
    print(json.dumps({**result, "ratio": round(result["value"] / result["reference"], 3)}))


def main() -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder, receiver(0) as well, receiver(HANG_MILLISECONDS) as hangs:
        home = Path(folder) / "home"
        home.mkdir()
        server = Postgres(home, "benchmark")
        server.start()
        try:
            os.environ |= {
                "AIRFLOW_HOME": folder,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url,
                "AIRFLOW_CONN_WELL": connection(well),
                "AIRFLOW_CONN_HANGS": connection(hangs),
            }
            measure(well)
        finally:
            server.stop()


def measure(port: int) -> None:
    from hookline import database
    from hookline.orm import Base
    from hookline.outbox.models import Attempt, Delivery, EndpointState

    tables = [model.__table__ for model in (Delivery, Attempt, EndpointState)]
    Base.metadata.create_all(database.engine(), tables=tables)
    rates: dict[str, list[float]] = {"bare": [], "alone": [], "beside": []}
    alone(99)  # what is imported and compiled once
    for number in range(ROUNDS):
        rates["bare"].append(asyncio.run(bare(port)))
        # In turns, so that neither always has the quicker half of a round.
        for name in ("alone", "beside") if number % 2 else ("beside", "alone"):
            rates[name].append(DELIVERIES[name](number))
        print(", ".join(f"{name} {some[-1]:.0f}/s" for name, some in rates.items()), flush=True)
    database.dispose()
    medians = {name: statistics.median(some) for name, some in rates.items()}
    setup = f"{MESSAGES} messages, {ENDPOINTS} endpoints, {IN_FLIGHT} in flight"
    conditions = f"{setup}, PostgreSQL, {os.cpu_count()} cores"
    report(
        name="deliver_beside_one_that_hangs",
        value=round(medians["beside"]),
        unit="deliveries/s",
        reference=round(medians["alone"]),
        conditions=f"{conditions}, reference: without the endpoint that hangs for 15 s per request",
    )
    report(
        name="deliver",
        value=round(medians["alone"]),
        unit="deliveries/s",
        reference=round(medians["bare"]),
        conditions=f"{conditions}, reference: httpx.AsyncClient that keeps nothing",
    )


if __name__ == "__main__":
    main()
