"""HTTP calls: as ``HttpOperator`` tasks against worker-free tasks, and the hook against ``requests.Session``.

500 GETs, 50 runs with 10 tasks each, to an endpoint that takes 20 ms, LocalExecutor, PostgreSQL, one
Airflow for all; CPU seconds of everything but the database and the endpoint. Beside them the same number of
worker-free POSTs, which leave a mark before they are sent, and of tasks that only begin and end in the
triggerer: what Airflow takes for any task without a worker. Then the hook alone, against a session that is
kept open too.
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

from sqlalchemy import create_engine, text

from benchmarks.apparatus import cpu
from demo.ports import free_port
from demo.stack import REPOSITORY, Stack

RUNS, TASKS = 50, 10
CALLS = RUNS * TASKS
MILLISECONDS = 20
HOOK_CALLS = 2000
MAX_SECONDS = 1500
LANES = ("floor", "worker_free", "worker_free_post", "http_operator")
PARTS = ("api-server", "scheduler", "triggerer", "dag-processor")
SETTINGS = {
    # Airflow's default; the stack's own is for short latency.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    # As docs/how-to/call-without-a-worker.md recommends. Tasks on workers are not touched by them.
    "AIRFLOW__DAG_PROCESSOR__MAX_CALLBACKS_PER_LOOP": "1000",
    "AIRFLOW__TRIGGERER__MAX_TRIGGER_TO_SELECT_PER_LOOP": "1000",
}


def slow(stack: Stack, name: str, milliseconds: int) -> int:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), str(milliseconds)]
    stack.spawn(name, command, folder=REPOSITORY)
    return port


def run(stack: Stack, dag_id: str) -> dict[str, Any]:
    """Run a Dag 50 times at once, once before.

    The CPU seconds, by component, include what is still done about the tasks after the last run has ended.
    """
    if not stack.wait_for(lambda: stack.api("GET", f"/dags/{dag_id}").status == 200, 120):
        raise SystemExit(f"{dag_id} did not appear")
    start(stack, dag_id, 1)
    finish(stack, dag_id, 1)
    settle(stack)
    before, started = used(stack), time.monotonic()
    start(stack, dag_id, RUNS)
    finish(stack, dag_id, 1 + RUNS)
    seconds = time.monotonic() - started
    settle(stack)
    parts = {name: after - before[name] for name, after in used(stack).items()}
    return {"seconds": seconds, "cpu": sum(parts.values()), "parts": parts}


def used(stack: Stack) -> dict[str, float]:
    """Return the CPU seconds so far of each component, and of the process in which triggers run."""
    parts = {name: cpu.seconds([stack.components[name].pid]) for name in PARTS}
    parts["triggers"] = cpu.seconds(cpu.children(stack.components["triggerer"].pid))
    parts["triggerer"] -= parts["triggers"]
    return parts


def settle(stack: Stack) -> None:
    """Wait until the dag-processor has taken what it is asked for at the end of each worker-free task."""
    engine = create_engine(stack.database_url)

    def taken() -> bool:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT count(*) FROM callback")):
                return False
        time.sleep(2)
        return not cpu.children(stack.components["dag-processor"].pid)

    if not stack.wait_for(taken, MAX_SECONDS):
        raise SystemExit("The dag-processor does not take its callbacks; the figure would mean nothing.")
    engine.dispose()


def start(stack: Stack, dag_id: str, runs: int) -> None:
    for _ in range(runs):
        stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})


def finish(stack: Stack, dag_id: str, runs: int) -> None:
    def count(state: str) -> int:
        total: int = stack.api("GET", f"/dags/{dag_id}/dagRuns?state={state}&limit=1").json()["total_entries"]
        return total

    def over() -> bool:
        time.sleep(1)
        try:
            return count("success") + count("failed") == runs
        except TypeError:
            return False  # no answer in time from a busy api-server; asked again

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
        "PYTHONPATH": str(REPOSITORY),  # the Dags have an operator of benchmarks/apparatus
        **SETTINGS,
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
            for name in LANES:
                result = results[name] = run(stack, name)
                rate = CALLS / result["seconds"]
                parts = "   ".join(f"{part} {seconds:.2f}" for part, seconds in result["parts"].items())
                print(f"{name:16} {rate:7.2f} tasks/s   {result['cpu']:8.2f} CPU s: {parts}", flush=True)
            fast = slow(stack, "fast", 0)
            time.sleep(1)
            session, hook = session_seconds(fast), hook_seconds(fast)
            print(f"hook {hook * 1e6:8.0f} µs/call   requests.Session {session * 1e6:8.0f} µs/call")
    conditions = f"{RUNS} runs of {TASKS} GETs, {MILLISECONDS} ms each, LocalExecutor, {os.cpu_count()} cores"
    free, reference = results["worker_free"], results["http_operator"]
    report(
        name="calls_floor",
        value=round(results["floor"]["cpu"], 2),
        unit="CPU s",
        reference=round(reference["cpu"], 2),
        conditions=f"{RUNS} runs of {TASKS} worker-free tasks that do nothing, reference: HttpOperator",
    )
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
