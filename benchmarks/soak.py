"""A whole Airflow with a gateway and a Hookline worker at half of what it can do, for half an hour.

``python -m benchmarks.soak [MINUTES] [--write]``. Each event is accepted, becomes a run, and the end of its
step is told to a receiver; one in twenty needs a worker of Airflow. What it can do is measured first, by a
burst. Each minute memory, latency and backlog are looked at; in the end the logs are read. Memory and latency
are flat if the straight line through the second half of the minutes rises by less than :data:`FLAT`.
``--write`` puts the table into ``docs/explanation/soak.md``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.apparatus import complaints, memory
from benchmarks.deliver import connection, receiver
from demo.ports import LOOPBACK, free_port
from demo.rest import request
from demo.stack import REPOSITORY, Stack, airflow

MINUTES = 30
BURST, BURST_RATE = 600, 100.0
SHARE = 0.5
"""Of the capacity."""
FLAT = {"memory": (0.03, 4.0), "p50": (0.25, 2.0), "p99": (0.5, 20.0)}
"""Growth that still counts as flat: a share of the mean, or so many MiB or ms if that is more."""
BACKLOG_SECONDS = 15
"""An event may be on its way that long."""
PAGE = REPOSITORY / "docs" / "explanation" / "soak.md"
HEADING = "## What was seen\n"
SOURCE = {
    "conn_type": "webhook",
    "extra": {"auth_type": "none", "event_id": "header:X-Delivery-Id", "rate_limit": "1000/second"},
}
COUNTS = """
SELECT (SELECT count(*) FROM hookline_event WHERE state <> 'dispatched') AS events,
       (SELECT count(*) FROM dag_run WHERE state IN ('queued', 'running')) AS runs,
       (SELECT count(*) FROM hookline_delivery WHERE state <> 'delivered') AS deliveries,
       (SELECT count(*) FROM hookline_delivery WHERE state = 'delivered') AS delivered
"""


class Sender:
    """``benchmarks.apparatus.steady`` as a process of its own."""

    def __init__(self, url: str, rate: float) -> None:
        command = [sys.executable, "-m", "benchmarks.apparatus.steady", url, str(rate)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True)

    def figures(self) -> dict[str, float]:
        """Return what it sent since this was last asked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found

    def stop(self) -> None:
        self._process.communicate()


def counts(engine: Engine) -> dict[str, int]:
    """Return how many events, runs and deliveries are on their way, and how many deliveries are there."""
    with engine.connect() as one:
        return one.execute(text(COUNTS)).one()._asdict()


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"Waited {seconds:g} s for {what}.")
        time.sleep(0.2)


def capacity(engine: Engine, url: str) -> float:
    """Return the deliveries per second while a burst is worked off, its beginning and end left out."""
    sender = Sender(url, BURST_RATE)
    time.sleep(BURST / BURST_RATE)
    sent = int(sender.figures()["sent"])
    sender.stop()
    moments = []
    for share in (0.2, 0.8):
        until(lambda n=share * sent: counts(engine)["delivered"] >= n, 300, "the burst")
        moments.append((time.monotonic(), counts(engine)["delivered"]))
    until(lambda: quiet(engine), 120, "the end of the burst")
    (began, first), (ended, last) = moments
    return (last - first) / (ended - began)


def quiet(engine: Engine) -> bool:
    found = counts(engine)
    return not any(found[name] for name in ("events", "runs", "deliveries"))


def look(stack: Stack, engine: Engine, sender: Sender) -> dict[str, Any]:
    """Return what there is to see now."""
    stack.require_alive()
    used = {name: memory.mebibytes(one.pid or 0) for name, one in stack.components.items()}
    return {**sender.figures(), **counts(engine), "memory": used}


def growth(values: Sequence[float]) -> float:
    """Return by how much the straight line through values rises from the first to the last."""
    if len(values) < 2:
        return 0.0
    return statistics.linear_regression(range(len(values)), values).slope * (len(values) - 1)


def is_flat(kind: str, values: Sequence[float]) -> bool:
    share, absolute = FLAT[kind]
    return growth(values) <= max(share * statistics.fmean(values), absolute)


def judge(minutes: list[dict[str, Any]], rate: float, found: list[tuple[str, str]]) -> list[str]:
    """Return what is not as it should be."""
    later = minutes[len(minutes) // 2 :]
    wrong = [
        f"memory of {name} grew by {growth(values):.1f} MiB in the second half"
        for name in minutes[0]["memory"]
        if not is_flat("memory", values := [one["memory"][name][1] for one in later])
    ]
    wrong += [
        f"{name} grew by {growth(values):.1f} ms in the second half"
        for name in ("p50", "p99")
        if not is_flat(name, values := [one[name] for one in later])
    ]
    wrong += [
        f"{one[name]} {name} were on their way in minute {minutes.index(one) + 1}"
        for one in minutes
        for name in ("events", "runs", "deliveries")
        if one[name] > BACKLOG_SECONDS * rate
    ]
    refused = sum(one["refused"] for one in minutes)
    wrong += [f"{refused:.0f} events were refused"] if refused else []
    wrong += [f"{file}: {line[:200]}" for file, line in found]
    return wrong


def table(minutes: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the table, PSS of each component in MiB."""
    names = list(minutes[0]["memory"])
    columns = ["minute", "accepted", "p50 ms", "p99 ms", "events", "runs", "deliveries", *names]
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for number, one in enumerate(minutes, 1):
        latencies = [f"{one['p50']:.1f}", f"{one['p99']:.1f}"]
        backlog = [one["events"], one["runs"], one["deliveries"]]
        used = [f"{one['memory'][name][1]:.0f}" for name in names]
        cells = [number, f"{one['sent'] - one['refused']:.0f}", *latencies, *backlog, *used]
        yield "| " + " | ".join(map(str, cells)) + " |"


@contextmanager
def running(folder: Path, port: int) -> Iterator[tuple[Stack, Engine, str]]:
    """Run Airflow, a gateway and a Hookline worker; give the address of the source."""
    dags = folder / "dags"
    dags.mkdir()
    (dags / "soak.py").write_text((REPOSITORY / "benchmarks/dags/soak.py").read_text())
    environment = {
        "AIRFLOW_CONN_SOAK": json.dumps(SOURCE),
        "AIRFLOW_CONN_RECEIVER": connection(port),
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
        "AIRFLOW__LOGGING__JSON_LOGS": "True",
    }
    with Stack(folder / "stack", port=0, dags_folder=dags, environment=environment) as stack:
        door = free_port()
        stack.spawn("gateway", airflow("hookline", "gateway", "--host", LOOPBACK, "--port", str(door)))
        stack.spawn("hookline-worker", airflow("hookline", "worker"))
        stack.wait_ready()
        for dag in ("soak.quick", "soak.worked"):
            if not stack.wait_for(lambda d=dag: stack.api("GET", f"/dags/{d}").status == 200, 90):
                raise SystemExit("The Dags were not parsed.")
        until(
            lambda: request("GET", f"http://{LOOPBACK}:{door}/hooks/health").status == 200, 60, "the gateway"
        )
        engine = create_engine(stack.database_url)
        yield stack, engine, f"http://{LOOPBACK}:{door}/hooks/in/soak"
        engine.dispose()


def soak(folder: Path, port: int, asked: int) -> tuple[list[dict[str, Any]], list[str], dict[str, float]]:
    """Measure the capacity, run for so many minutes; return the minutes, what is wrong, and figures."""
    minutes: list[dict[str, Any]] = []
    with running(folder, port) as (stack, engine, url):
        known = Counter(
            complaints.find(stack.home.path)
        )  # `airflow db migrate` asks for what is not there yet
        able = capacity(engine, url)
        rate = able * SHARE
        print(f"capacity {able:.1f} events/s; {asked} minutes at {rate:.1f}", flush=True)
        sender, began = Sender(url, rate), time.monotonic()
        for number in range(asked):
            time.sleep(max(0.0, began + 60 * (number + 1) - time.monotonic()))
            minutes.append(look(stack, engine, sender))
            print(json.dumps(minutes[-1]), flush=True)
        sender.stop()
        until(lambda: quiet(engine), 120, "the last events")
        figures = {"able": able, "rate": rate, "delivered": counts(engine)["delivered"]}
        found = Counter(complaints.find(stack.home.path)) - known
        return minutes, judge(minutes, rate, list(found)), figures


def main() -> None:
    given = [one for one in sys.argv[1:] if one != "--write"]
    asked = int(given[0]) if given else MINUTES
    with tempfile.TemporaryDirectory() as folder, receiver(0) as port:
        minutes, wrong, figures = soak(Path(folder), port, asked)
    accepted = sum(one["sent"] - one["refused"] for one in minutes)
    verdict = "not as it should be: " + "; ".join(wrong) if wrong else "flat, no backlog, no error in any log"
    cores = f"{os.cpu_count()} cores"
    summary = (
        f"{asked} minutes at {figures['rate']:.1f} events/s, half of the {figures['able']:.1f} that a burst "
        f"was worked off with, {cores}: {accepted:.0f} events accepted, {figures['delivered']} deliveries "
        f"with those of the burst. Verdict: {verdict}."
    )
    told = "\n".join([summary, "", *table(minutes)])
    print(told)
    if "--write" in sys.argv:
        PAGE.write_text(f"{PAGE.read_text().partition(HEADING)[0]}{HEADING}\n{told}\n")
    print(
        json.dumps(
            {
                "name": "soak",
                "value": round(figures["rate"], 1),
                "unit": "events/s, from accept to delivery",
                "reference": round(figures["able"], 1),
                "ratio": round(figures["rate"] / figures["able"], 2),
                "conditions": f"{asked} minutes, PostgreSQL, LocalExecutor, {cores}; {verdict}",
            }
        )
    )
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
