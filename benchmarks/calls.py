"""HTTP calls: as ``HttpOperator`` tasks against worker-free tasks, and the hook against ``requests.Session``.

500 POSTs, 50 runs with 10 tasks each, to an endpoint that takes 20 ms, LocalExecutor, PostgreSQL, one
Airflow for both; CPU seconds of everything but the database and the endpoint. Then the hook alone, against a
session that is kept open too.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.apparatus import cpu
from demo.ports import free_port
from demo.stack import REPOSITORY, Stack

RUNS, TASKS = 50, 10
CALLS = RUNS * TASKS
MILLISECONDS = 20
HOOK_CALLS = 2000
MAX_SECONDS = 1500


def slow(stack: Stack, name: str, milliseconds: int) -> int:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), str(milliseconds)]
    stack.spawn(name, command, folder=REPOSITORY)
    return port


def run(stack: Stack, dag_id: str) -> dict[str, float]:
    """Run a Dag 50 times at once, once before; return the seconds and the CPU seconds."""
    if not stack.wait_for(lambda: stack.api("GET", f"/dags/{dag_id}").status == 200, 120):
        raise SystemExit(f"{dag_id} did not appear")
    pids = [
        component.pid
        for name, component in stack.components.items()
        if name in ("api-server", "scheduler", "triggerer", "dag-processor")
    ]
    start(stack, dag_id, 1)
    finish(stack, dag_id, 1)
    cpu_before, started = cpu.seconds(pids), time.monotonic()
    start(stack, dag_id, RUNS)
    finish(stack, dag_id, 1 + RUNS)
    return {"seconds": time.monotonic() - started, "cpu": cpu.seconds(pids) - cpu_before}


def start(stack: Stack, dag_id: str, runs: int) -> None:
    for _ in range(runs):
        stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})


def finish(stack: Stack, dag_id: str, runs: int) -> None:
    def count(state: str) -> int:
        total: int = stack.api("GET", f"/dags/{dag_id}/dagRuns?state={state}&limit=1").json()["total_entries"]
        return total

    def over() -> bool:
        time.sleep(1)
        return count("success") + count("failed") == runs

    if not stack.wait_for(over, MAX_SECONDS) or count("failed"):
        raise SystemExit(f"{dag_id}: {count('failed')} runs failed; the figure would mean nothing.")


def hook_seconds(port: int) -> float:
    from hookline.hooks.http import HttpConnectorHook

    logging.getLogger("airflow.task").setLevel(logging.WARNING)
    os.environ["AIRFLOW_CONN_FAST"] = connection(port, "http_connector")
    with HttpConnectorHook("fast") as hook:
        hook.call("POST", "call", body={"n": 1})
        started = time.perf_counter()
        for _ in range(HOOK_CALLS):
            hook.call("POST", "call", body={"n": 1})
        return (time.perf_counter() - started) / HOOK_CALLS


def session_seconds(port: int) -> float:
    import requests

    with requests.Session() as session:
        url = f"http://127.0.0.1:{port}/call"
        session.post(url, json={"n": 1}, timeout=30).json()
        started = time.perf_counter()
        for _ in range(HOOK_CALLS):
            session.post(url, json={"n": 1}, timeout=30).json()
        return (time.perf_counter() - started) / HOOK_CALLS


def connection(port: int, conn_type: str) -> str:
    extra = {"auth_type": "none", "allowed_networks": "127.0.0.1"} if conn_type == "http_connector" else {}
    fields = {"conn_type": conn_type, "host": "127.0.0.1", "schema": "http", "port": port, "extra": extra}
    return json.dumps(fields)


def report(**result: Any) -> None:
    print(json.dumps({**result, "ratio": round(result["value"] / result["reference"], 3)}))


def main() -> None:
    port = free_port()
    environment = {
        "BENCHMARK_TASKS": str(TASKS),
        "AIRFLOW_CONN_SLOW": connection(port, "http_connector"),
        "AIRFLOW_CONN_SLOW_HTTP": connection(port, "http"),
    }
    with tempfile.TemporaryDirectory() as folder:
        dags = REPOSITORY / "benchmarks" / "dags"
        stack = Stack(Path(folder) / "stack", port=0, dags_folder=dags, environment=environment)
        with stack:
            command = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), str(MILLISECONDS)]
            stack.spawn("slow", command, folder=REPOSITORY)
            stack.wait_ready()
            results = {}
            for name in ("worker_free", "http_operator"):
                results[name] = run(stack, name)
                seconds, used = results[name]["seconds"], results[name]["cpu"]
                print(f"{name:16} {CALLS / seconds:7.2f} tasks/s   {used:8.2f} CPU s", flush=True)
            fast = slow(stack, "fast", 0)
            time.sleep(1)
            session, hook = session_seconds(fast), hook_seconds(fast)
            print(f"hook {hook * 1e6:8.0f} µs/call   requests.Session {session * 1e6:8.0f} µs/call")
    conditions = (
        f"{RUNS} runs of {TASKS} POSTs, {MILLISECONDS} ms each, LocalExecutor, {os.cpu_count()} cores"
    )
    free, reference = results["worker_free"], results["http_operator"]
    report(
        name="calls_hook",
        value=round(hook * 1e6),
        unit="µs/call",
        reference=round(session * 1e6),
        conditions=f"{HOOK_CALLS} POSTs with JSON on one kept connection, reference: requests.Session",
    )
    report(
        name="calls_cpu",
        value=round(free["cpu"], 2),
        unit="CPU s",
        reference=round(reference["cpu"], 2),
        conditions=f"{conditions}, reference: HttpOperator",
    )
    report(
        name="calls",
        value=round(CALLS / free["seconds"], 2),
        unit="tasks/s",
        reference=round(CALLS / reference["seconds"], 2),
        conditions=f"{conditions}, reference: HttpOperator",
    )


if __name__ == "__main__":
    main()
