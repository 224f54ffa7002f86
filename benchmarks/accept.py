"""Accepted events per second: the gateway and the api-server against a bare ASGI app with the same commit.

Events are HMAC-verified JSON of about 1 kB, all different deliveries, on PostgreSQL with fsync on; the
signature covers a time, as that of most vendors. The dispatcher is off in all three, so that receiving is
what is measured. Then the gateway goes on to 100,000 events, to see whether its memory grows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.apparatus import load
from demo.ports import LOOPBACK, free_port
from demo.rest import request_json
from demo.stack import REPOSITORY, Stack, airflow

CLIENTS = 64
SECONDS = 8.0
SECRET = "benchmark-secret"
BODY = json.dumps(
    {"order": {"id": 1001, "lines": [{"sku": f"SKU-{n}", "quantity": n} for n in range(28)]}}
).encode()
SOURCE = {
    "conn_type": "webhook",
    "password": SECRET,
    "extra": {
        "auth_type": "hmac",
        "signed_content": "{timestamp}.{body}",
        "timestamp_header": "X-Timestamp",
        "timestamp_tolerance": 3600,
        "event_id": "header:X-Delivery-Id",
    },
}
FEW, MANY = 1_000, 100_000
MIB = 2**20


def fields() -> dict[str, str]:
    stamp = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + BODY, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signature}


def memory(pid: int) -> float:
    """Return the MiB that a process and what it started have in memory."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / MIB


def growth(pid: int, url: str) -> float:
    """Return by how many MiB memory grows from 1,000 events to 100,000."""
    sent = load.run(url, CLIENTS, 0.1, fields(), BODY)["requests"]
    while sent < FEW:
        sent += load.run(url, CLIENTS, 0.1, fields(), BODY)["requests"]
    before = memory(pid)
    while sent < MANY:
        sent += load.run(url, CLIENTS, 2.0, fields(), BODY)["requests"]
    return memory(pid) - before


def uvicorn(application: str, port: int, *options: str) -> list[str]:
    quiet = ["--log-level", "warning", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), *quiet, *options]


def measure(name: str, url: str) -> dict[str, float]:
    load.run(url, CLIENTS, 1.0, fields(), BODY)
    result = load.run(url, CLIENTS, SECONDS, fields(), BODY)
    rate = result["requests"] / result["seconds"]
    print(f"{name:24} {rate:8.0f} /s   p50 {result['p50']:6.1f} ms   p99 {result['p99']:6.1f} ms")
    if result["refused"]:
        raise SystemExit(f"{name} refused requests; the figure would mean nothing.")
    return {"rate": rate, **result}


def report(name: str, rate: float, reference: float) -> None:
    print(
        json.dumps(
            {
                "name": name,
                "value": round(rate),
                "unit": "accepted events/s",
                "reference": round(reference),
                "ratio": round(rate / reference, 2),
                "conditions": f"{CLIENTS} clients, {len(BODY)} B JSON, HMAC-SHA256, PostgreSQL, one process, "
                "reference: bare ASGI app with a group-committed insert",
            }
        )
    )


def main() -> None:
    environment = {
        "AIRFLOW_CONN_BENCH": json.dumps(SOURCE),
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "stack", port=0, environment=environment)
        with stack:
            stack.wait_ready()
            for name in ("scheduler", "dag-processor", "triggerer"):
                stack.components.pop(name).stop()
            bare_port, alone_port = free_port(), free_port()
            database = {"BARE_DATABASE": stack.database_url.replace("+psycopg2", "")}
            bare_app = uvicorn("benchmarks.apparatus.bare:app", bare_port)
            stack.spawn("bare", bare_app, folder=REPOSITORY, environment=database)
            stack.spawn(
                "gateway", airflow("hookline", "gateway", "--host", LOOPBACK, "--port", str(alone_port))
            )
            for port in (bare_port, alone_port):
                stack.wait_for(
                    lambda p=port: request_json("POST", f"http://127.0.0.1:{p}/", {}).status > 0, 60
                )
            gateway = stack.components["gateway"].pid
            grown = growth(gateway, f"http://127.0.0.1:{alone_port}/hooks/in/bench/order/paid")
            print(f"{'gateway, 1,000 to 100,000':24} {grown:8.1f} MiB", flush=True)
            bare = measure("bare ASGI app", f"http://127.0.0.1:{bare_port}/")
            alone_result = measure(
                "Hookline's gateway", f"http://127.0.0.1:{alone_port}/hooks/in/bench/order/paid"
            )
            inside = measure("Hookline in api-server", f"{stack.url}/hooks/in/bench/order/paid")
    print(f"p99 / p50 of the gateway: {alone_result['p99'] / alone_result['p50']:.1f}")
    print(f"gateway / api-server: {alone_result['rate'] / inside['rate']:.1f}")
    report("accept_inside_api_server", inside["rate"], bare["rate"])
    report("accept", alone_result["rate"], bare["rate"])


if __name__ == "__main__":
    main()
