"""What a thousand held requests cost: memory over idle, threads, and the time until all have their answer.

``respond=finished`` over real HTTP on PostgreSQL: every request waits on a connection of its own until its
run has ended. The runs are written into the database, so that only waiting is measured. The reference is
100 MiB.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import Session

from demo.ports import free_port
from demo.postgres import Postgres
from demo.rest import request
from demo.stack import REPOSITORY, airflow

HELD = 1000
WARM_UP = 50
REFERENCE = 100
BODY = json.dumps({"lines": [{"sku": f"SKU-{number}", "quantity": number} for number in range(30)]}).encode()
SOURCE = {
    "conn_type": "webhook",
    "extra": {
        "auth_type": "none",
        "event_id": "header:X-Delivery-Id",
        "respond": "finished",
        "respond_timeout": 300,
    },
}


async def post(port: int, delivery: str) -> bytes:
    """Send one event on a connection of its own; return the status line of its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /hooks/in/bench/paid HTTP/1.1\r\nHost: bench\r\nX-Delivery-Id: {delivery}\r\n"
    writer.write(f"{head}Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode() + BODY)
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n")[0]


class Runs:
    """The runs of the events, written as dispatcher and scheduler write them."""

    def __init__(self, url: str) -> None:
        from airflow.models.dagrun import DagRun
        from airflow.utils.state import DagRunState
        from airflow.utils.types import DagRunType

        from hookline.inbox.models import DISPATCHED, PENDING, InboxEvent

        self._engine = create_engine(url)
        self._run = lambda run_id: DagRun(
            dag_id="bench.paid",
            run_id=run_id,
            run_type=DagRunType.MANUAL,
            state=DagRunState.SUCCESS,
            run_after=datetime.now(UTC),
        )
        self._event = InboxEvent
        self._pending = InboxEvent.state == PENDING
        self._dispatched = DISPATCHED

    def wait_for(self, count: int) -> None:
        """Wait until as many events are stored and have no run."""
        while True:
            with self._engine.connect() as connection:
                if connection.scalar(select(func.count()).where(self._pending)) == count:
                    return
            time.sleep(0.1)

    def end(self) -> None:
        """Give every event a run that has ended."""
        event = self._event
        with Session(self._engine) as session, session.begin():
            for event_id in session.scalars(select(event.event_id).where(self._pending)).all():
                session.add(self._run(f"webhook__bench__{event_id}"))
            values = {
                "state": self._dispatched,
                "dag_id": "bench.paid",
                "run_id": "webhook__bench__" + event.event_id,
            }
            session.execute(
                update(event).where(self._pending).values(values).execution_options(synchronize_session=False)
            )


async def hold(port: int, runs: Runs, count: int, name: str, process: psutil.Process) -> dict[str, float]:
    posts = [asyncio.create_task(post(port, f"{name}-{number}")) for number in range(count)]
    await asyncio.to_thread(runs.wait_for, count)
    await asyncio.sleep(5)  # several looks at the database
    cpu = process.cpu_times()
    await asyncio.sleep(5)
    later = process.cpu_times()
    result = {
        "rss": process.memory_info().rss,
        "threads": process.num_threads(),
        "core": (later.user + later.system - cpu.user - cpu.system) / 5,
    }
    await asyncio.to_thread(runs.end)
    began = time.monotonic()
    lines = await asyncio.gather(*posts)
    if set(lines) != {b"HTTP/1.1 200 OK"}:
        raise SystemExit(f"Not every request got its answer: {set(lines)}")
    return {**result, "seconds": time.monotonic() - began}


def measure(port: int, url: str, pid: int) -> None:
    process = psutil.Process(pid)
    runs = Runs(url)
    asyncio.run(hold(port, runs, WARM_UP, "warm", process))
    time.sleep(2)
    idle, threads = process.memory_info().rss, process.num_threads()
    held = asyncio.run(hold(port, runs, HELD, "held", process))
    more = (held["rss"] - idle) / 2**20
    print(
        f"idle {idle / 2**20:.0f} MiB and {threads} threads, {HELD} held {held['rss'] / 2**20:.0f} MiB and "
    )
    print(f"{held['threads']:.0f} threads, {held['core']:.2f} core; answered within {held['seconds']:.2f} s")
    print(
        json.dumps(
            {
                "name": "held",
                "value": round(more, 1),
                "unit": "MiB more than idle",
                "reference": REFERENCE,
                "ratio": round(more / REFERENCE, 2),
                "conditions": f"{HELD} requests of {len(BODY)} B held by one process, PostgreSQL, "
                f"{held['threads'] - threads:.0f} threads more, {held['core']:.2f} core while they wait, all "
                f"answered {held['seconds']:.2f} s after their runs ended; reference: the bound",
            }
        )
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Postgres(Path(folder), "benchmark-only")
        database.start()
        port = free_port()
        environment = {
            **os.environ,
            "AIRFLOW_HOME": folder,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url,
            "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
            "AIRFLOW_CONN_BENCH": json.dumps(SOURCE),
        }
        os.environ.update(environment)
        command = [sys.executable, "-m", "uvicorn", "benchmarks.accept:application", "--factory"]
        try:
            subprocess.run(airflow("db", "migrate"), env=environment, check=True, capture_output=True)
            with subprocess.Popen(
                [*command, "--port", str(port), "--no-access-log", "--log-level", "warning"],
                env=environment,
                cwd=REPOSITORY,
            ) as server:
                try:
                    while request("GET", f"http://127.0.0.1:{port}/hooks/health").status != 200:
                        time.sleep(0.1)
                    measure(port, database.url, server.pid)
                finally:
                    server.terminate()
        finally:
            database.stop()


if __name__ == "__main__":
    main()
