"""What waiting costs: 10,000 mapped tasks that wait for an event, against 10, in a whole Airflow.

``python -m benchmarks.waiting [WAITING] [EVENTS] [SECONDS]``: how many tasks wait, how many of them are woken
one after another, and how long the server's statements are counted.

The tasks are those of one mapped run. Its pool has no slots, so that none starts, and each is parked by what
the execution API writes for a task that parks itself: that spares two hours of starting workers, and changes
nothing of what is measured afterwards. Statements are counted in a second replica of the loops. The wake-ups
go through the api-server, the scheduler and workers; their reference is Airflow's own way from the event of a
trigger to success, in the same Airflow and while the same tasks wait.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, text

from demo.rest import request_json
from demo.stack import REPOSITORY, Stack

FEW = 10
SPACING = 1.0
SOURCE = {"conn_type": "webhook", "extra": {"auth_type": "none", "correlation": "query:key"}}


class Database:
    """What the execution API writes, and what is to be known of task instances."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)

    def scalar(self, sql: str, **values: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.scalar(text(sql), values)

    def park(self, since: datetime, first: int, end: int) -> None:
        """Park the mapped tasks from one number to before another."""
        wait = {"kind": "events", "source": "bench", "since": since.isoformat()}
        update = text(
            "UPDATE task_instance SET state = 'awaiting_input', next_method = 'on_events', try_number = 1,"
            " start_date = now(), trigger_timeout = now() + interval '7 days',"
            " next_kwargs = jsonb_build_object('hookline_wait', CAST(:wait AS jsonb) || jsonb_build_object("
            "'id', replace(CAST(id AS text), '-', ''), 'correlation', 'key-' || map_index))"
            " WHERE dag_id = 'waiting' AND map_index >= :first AND map_index < :end"
        )
        log = text(
            "INSERT INTO log (dttm, dag_id, task_id, run_id, map_index, event, try_number)"
            " SELECT now(), dag_id, task_id, run_id, map_index, 'awaiting_input', 1 FROM task_instance"
            " WHERE dag_id = 'waiting' AND map_index >= :first AND map_index < :end"
        )
        with self._engine.begin() as connection:
            connection.execute(update, {"wait": json.dumps(wait), "first": first, "end": end})
            connection.execute(log, {"first": first, "end": end})

    def count(self, dag_id: str, state: str) -> int:
        sql = "SELECT count(*) FROM task_instance WHERE dag_id = :dag_id AND state = :state"
        return int(self.scalar(sql, dag_id=dag_id, state=state))

    def ended(self, number: int) -> datetime | None:
        sql = (
            "SELECT end_date FROM task_instance"
            " WHERE dag_id = 'waiting' AND map_index = :n AND state = 'success'"
        )
        found: datetime | None = self.scalar(sql, n=number)
        return found

    def fired(self) -> list[float]:
        """Return for each deferred task the seconds from its trigger's event to its success."""
        sql = text(
            "SELECT CAST(CAST(x.value #>> '{}' AS text) AS float) AS fired, ti.end_date FROM xcom x"
            " JOIN task_instance ti USING (dag_id, task_id, run_id, map_index)"
            " WHERE x.dag_id = 'deferred' AND x.key = 'return_value'"
        )
        with self._engine.connect() as connection:
            return [row.end_date.timestamp() - row.fired for row in connection.execute(sql)]


class Replica:
    """The loops in a process of their own, with a counter."""

    def __init__(self, environment: dict[str, str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.apparatus.counted"],
            env=environment, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.look()

    def look(self) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        while not (line := self._process.stdout.readline()).startswith("{"):
            pass
        found: dict[str, int] = json.loads(line)
        return found

    def rate(self, seconds: float) -> float:
        """Return the statements of a second."""
        before = self.look()["sent"]
        time.sleep(seconds)
        return (self.look()["sent"] - before) / seconds

    def stop(self) -> None:
        self._process.communicate()


def until(stack: Stack, condition: Any, what: str, seconds: float = 600) -> None:
    if not stack.wait_for(condition, seconds):
        raise SystemExit(f"Waited {seconds:g} s for {what}.")


def start(stack: Stack, dag_id: str) -> None:
    until(stack, lambda: stack.api("GET", f"/dags/{dag_id}").status == 200, dag_id)
    stack.api("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})


def wake(stack: Stack, database: Database, waiting: int, events: int) -> list[float]:
    """Send one event after another; return the seconds from its answer to the success of its task."""
    seconds = []
    # One more: with the first task that it gets, LocalExecutor starts all its worker processes.
    for number in random.sample(range(waiting), 1 + events):
        answer = request_json("POST", f"{stack.url}/hooks/in/bench/paid?key=key-{number}", {})
        sent = time.time()
        if answer.status != 202:
            raise SystemExit(f"An event was answered with {answer.status}.")
        until(stack, lambda n=number: database.ended(n) is not None, f"task {number}", 120)
        ended = database.ended(number)
        assert ended is not None
        seconds.append(ended.timestamp() - sent)
        time.sleep(SPACING)
    return seconds[1:]


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def measure(stack: Stack, waiting: int, events: int, seconds: float) -> None:
    database = Database(stack.database_url)
    triggerer = psutil.Process(stack.components["triggerer"].pid)
    stack.api("POST", "/pools", {"name": "bench", "slots": 0})
    since = datetime.now(UTC)
    start(stack, "waiting")
    until(stack, lambda: database.count("waiting", "scheduled") == waiting, "the mapped tasks")
    replica = Replica(stack.env)
    try:
        database.park(since, 0, FEW)
        known = "SELECT count(*) FROM hookline_waiter WHERE ready"
        until(stack, lambda: database.scalar(known) == FEW, "the server to know them")
        few, rss, idle = replica.rate(seconds), replica.look()["rss"], triggerer.memory_info().rss
        size = "SELECT pg_total_relation_size('hookline_waiter')"
        small = database.scalar(size)
        began = time.monotonic()
        database.park(since, FEW, waiting)
        until(stack, lambda: database.scalar(known) == waiting, "the server to know them all")
        print(
            f"{waiting - FEW} more are known {time.monotonic() - began:.1f} s after they parked", flush=True
        )
        many, later = replica.rate(seconds), replica.look()["rss"]
        server, rows = (later - rss) / waiting, (database.scalar(size) - small) / waiting
        held = (triggerer.memory_info().rss - idle) / waiting
    finally:
        replica.stop()
    running = database.count("waiting", "running") + database.count("waiting", "queued")
    print(
        f"statements of the server: {few:.2f}/s with {FEW}, {many:.2f}/s with {waiting}"
        f" ({many / few - 1:+.1%})"
    )
    print(f"each waiting task: server {server:.0f} B, table {rows:.0f} B, triggerer {held:.0f} B; "
          f"worker slots: {running}", flush=True)  # fmt: skip
    answer = stack.api(
        "PATCH", "/pools/bench?update_mask=slots", {"pool": "bench", "slots": 16, "include_deferred": False}
    )
    if answer.status != 200:
        raise SystemExit(f"The pool got no slots: {answer.body!r}")
    woken = wake(stack, database, waiting, events)
    if database.count("waiting", "awaiting_input") != waiting - events - 1:
        raise SystemExit("An event woke a task that it is not for.")
    start(stack, "deferred")
    until(stack, lambda: database.count("deferred", "success") == events, "the reference")
    fired = database.fired()
    for name, values in (("woken", woken), ("reference", fired)):
        print(f"{name:10}", *(f"{value:.2f}" for value in sorted(values)), "s", flush=True)
    print(f"p95: {p95(woken) - p95(fired):+.2f} s against Airflow's own way", flush=True)
    print(
        json.dumps(
            {
                "name": "waiting",
                "value": round(p95(woken), 2),
                "unit": "s from the event to success, p95",
                "reference": round(p95(fired), 2),
                "ratio": round(p95(woken) / p95(fired), 2),
                "conditions": f"{waiting} mapped tasks wait, {events} woken one by one, each the right one; "
                f"{few:.2f} statements/s with {FEW} and {many:.2f} with {waiting}; {server:.0f} B of server, "
                f"{rows:.0f} B of table and {held:.0f} B of triggerer each; LocalExecutor, PostgreSQL, "
                f"{os.cpu_count()} cores; reference: from a trigger's event to success, as many waiting",
            }
        )
    )


def main() -> None:
    waiting, events, seconds = (
        int(value) for value in (*sys.argv[1:4], *("10000", "40", "120")[len(sys.argv) - 1 :])
    )
    environment = {
        "BENCHMARK_WAITING": str(waiting),
        "BENCHMARK_EVENTS": str(events),
        "BENCHMARK_TASKS": "0",
        "AIRFLOW_CONN_BENCH": json.dumps(SOURCE),
        "AIRFLOW__CORE__MAX_MAP_LENGTH": str(max(waiting, 1024)),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
    }
    with tempfile.TemporaryDirectory() as folder:
        dags = REPOSITORY / "benchmarks" / "dags"
        stack = Stack(Path(folder) / "stack", port=0, dags_folder=dags, environment=environment)
        with stack:
            stack.wait_ready()
            measure(stack, waiting, events, seconds)


if __name__ == "__main__":
    main()
