"""Events dispatched to Dag runs per second, against Airflow's REST API starting the same Dag.

First the latency on an idle system: from the POST until the scheduler has set the run to running, by webhook
and by REST in turn. Then scheduler and dag-processor stop, so that making runs is what is measured: REST at
concurrency 16, and a backlog of accepted events that one dispatcher in the api-server hands over. All on
PostgreSQL with fsync on, in one run.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.apparatus import load
from demo.rest import request
from demo.stack import REPOSITORY, Stack

CLIENTS = 16
SECONDS = 8.0
EVENTS = 3000
SAMPLES = 11
DAG = "bench.order"
DATA = {"order": {"id": 1001, "lines": [{"sku": f"SKU-{n}", "quantity": n} for n in range(28)]}}
SOURCE = {"conn_type": "webhook", "extra": {"auth_type": "none", "event_id": "header:X-Delivery-Id"}}
MIN_RATIO = 5
MAX_MORE = 0.2


def started(engine: Engine, run_id: str) -> datetime | None:
    """Return when the scheduler set a run to running."""
    query = text("SELECT start_date FROM dag_run WHERE run_id = :run_id AND state <> 'queued'")
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(query, {"run_id": run_id})
        return found


def latency(stack: Stack, engine: Engine, number: int, *, rest: bool) -> float:
    """Return the seconds from one POST until its run is running."""
    began = datetime.now(UTC)
    if rest:
        answer = stack.api("POST", f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {"data": DATA}})
        run_id = answer.json()["dag_run_id"]
    else:
        fields = {"Content-Type": "application/json", "X-Delivery-Id": f"latency-{number}"}
        request("POST", f"{stack.url}/hooks/in/bench/order", body=json.dumps(DATA).encode(), headers=fields)
        run_id = f"webhook__bench__latency-{number}"
    if not stack.wait_for(lambda: started(engine, run_id), 60):
        raise SystemExit(f"{run_id} never ran.")
    since = started(engine, run_id)
    assert since is not None
    return (since - began).total_seconds()


def backlog(engine: Engine, name: str, count: int) -> None:
    """Store events as the ingress does."""
    from hookline.inbox import store
    from hookline.protocol.intake import Accepted

    now = datetime.now(UTC)
    events = []
    for number in range(count):
        head = {"id": f"{name}-{number}", "source": "bench", "type": "order", "time": now.isoformat()}
        body = {**head, "datacontenttype": "application/json", "hookline": {"headers": {}}, "data": DATA}
        fields: dict[str, Any] = {"source": "bench", "event_type": "order", "received_at": now}
        events.append(
            Accepted(
                event_id=head["id"], candidates=("bench.order", "bench"), body=json.dumps(body), **fields
            )
        )
    with engine.begin() as connection:
        store.add(connection, events)


def dispatch_rate(engine: Engine, name: str, count: int) -> float:
    """Return dispatched events per second, from the first batch that is there to the last.

    :param name: of the events; no two backlogs have the same.
    """
    before = runs(engine)
    backlog(engine, name, count)
    deadline = time.monotonic() + 120
    first: tuple[float, int] | None = None
    while (made := runs(engine) - before) < count:
        if made and first is None:
            first = (time.perf_counter(), made)
        if time.monotonic() > deadline:
            raise SystemExit(f"Only {made} of {count} events were dispatched.")
        time.sleep(0.1)
    if first is None:
        raise SystemExit("The backlog is too small to measure anything.")
    return (count - first[1]) / (time.perf_counter() - first[0])


def rest_rate(stack: Stack, engine: Engine) -> float:
    """Return runs per second that REST starts: those that are there, whatever was answered."""
    before = runs(engine)
    body = json.dumps({"logical_date": None, "conf": {"data": DATA}}).encode()
    fields = {"Content-Type": "application/json", "Authorization": f"Bearer {stack.token()}"}
    result = load.run(f"{stack.url}/api/v2/dags/{DAG}/dagRuns", CLIENTS, SECONDS, fields, body)
    return (runs(engine) - before) / float(result["seconds"])


def runs(engine: Engine) -> int:
    """Return how many runs the Dag has."""
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM dag_run WHERE dag_id = :dag_id")
        return int(connection.scalar(query, {"dag_id": DAG}) or 0)


def report(**result: Any) -> None:
    print(json.dumps({**result, "ratio": round(result["value"] / result["reference"], 2)}))


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    environment = {
        "AIRFLOW_CONN_BENCH": json.dumps(SOURCE),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        dags.mkdir()
        (dags / "dispatch.py").write_text((REPOSITORY / "benchmarks/dags/dispatch.py").read_text())
        stack = Stack(Path(folder) / "stack", port=0, dags_folder=dags, environment=environment)
        with stack:
            stack.wait_ready()
            if not stack.wait_for(lambda: stack.api("GET", f"/dags/{DAG}").status == 200, 90):
                raise SystemExit("The Dag was not parsed.")
            engine = create_engine(stack.database_url)
            waits: dict[bool, list[float]] = {True: [], False: []}
            for number in range(SAMPLES):
                for rest in (True, False):
                    waits[rest].append(latency(stack, engine, number, rest=rest))
            by_rest, by_webhook = (statistics.median(waits[rest]) for rest in (True, False))
            print(f"POST to running: webhook {by_webhook:.2f} s, REST {by_rest:.2f} s", flush=True)
            for name in ("scheduler", "dag-processor", "triggerer"):
                stack.components.pop(name).stop()
            reference = rest_rate(stack, engine)
            value = dispatch_rate(engine, "backlog", events)
            print(f"dispatch {value:.0f} /s, REST {reference:.0f} /s", flush=True)
            engine.dispose()
    report(
        name="dispatch_latency",
        value=round(by_webhook, 2),
        unit="s",
        reference=round(by_rest, 2),
        conditions=f"median of {SAMPLES}, POST to the run's state running, idle; "
        f"{by_webhook - by_rest:+.2f} s, at most {MAX_MORE} s more are wanted",
    )
    report(
        name="dispatch",
        value=round(value),
        unit="events/s",
        reference=round(reference),
        conditions=f"{events} events of 1 kB, a Dag of one task with a schema, one dispatcher, PostgreSQL, "
        f"reference: POST /api/v2/dags/{{id}}/dagRuns, {CLIENTS} clients; "
        f"a ratio of at least {MIN_RATIO} is wanted",
    )


if __name__ == "__main__":
    main()
