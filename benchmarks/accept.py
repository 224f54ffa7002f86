"""Accepted events per second: the gateway and the api-server against a bare ASGI app with the same commit.

Events are HMAC-verified JSON of about 1 kB, all different deliveries, on PostgreSQL with fsync on. The
dispatcher is off in all three, so that receiving is what is measured.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import tempfile
from pathlib import Path

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
    "extra": {"auth_type": "hmac", "signature_header": "X-Signature", "event_id": "header:X-Delivery-Id"},
}
FIELDS = {
    "Content-Type": "application/json",
    "X-Signature": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
}


def uvicorn(application: str, port: int, *options: str) -> list[str]:
    quiet = ["--log-level", "warning", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), *quiet, *options]


def measure(name: str, url: str) -> dict[str, float]:
    load.run(url, CLIENTS, 1.0, FIELDS, BODY)
    result = load.run(url, CLIENTS, SECONDS, FIELDS, BODY)
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
            bare = measure("bare ASGI app", f"http://127.0.0.1:{bare_port}/")
            alone_result = measure(
                "Hookline's gateway", f"http://127.0.0.1:{alone_port}/hooks/in/bench/order/paid"
            )
            inside = measure("Hookline in api-server", f"{stack.url}/hooks/in/bench/order/paid")
    report("accept_inside_api_server", inside["rate"], bare["rate"])
    report("accept", alone_result["rate"], bare["rate"])


if __name__ == "__main__":
    main()
