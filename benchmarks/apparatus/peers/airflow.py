"""Airflow, started by its REST API, and by Hookline's gateway.

Both on PostgreSQL with fsync on, set up as ``docs/how-to/run-it.md`` says, on one machine. SIGKILL hits
everything at once: the database, Airflow's four processes and what they started, the gateway.

Airflow runs a few tasks per second, so the flows that started are counted as Dag runs, by Airflow's REST API:
a Dag run that is in the database is one that Airflow carries out. ``tests/chaos`` shows that it does, after
kills too; to wait for it here would take minutes, as Airflow is slow to notice that a scheduler's tasks are
gone.
"""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from benchmarks.apparatus.numbered import SECRET, Request
from benchmarks.apparatus.peers.peer import DATA, START_SECONDS, Peer, run
from demo.errors import DemoError
from demo.ports import LOOPBACK, free_port
from demo.postgres import find_programs
from demo.rest import Answer
from demo.rest import request as ask
from demo.stack import REPOSITORY, Stack, airflow

PAGE = 1000
SOURCE = {
    "conn_type": "webhook",
    "password": SECRET,
    "extra": {"auth_type": "hmac", "event_id": "header:X-Delivery-Id"},
}


class Airflow(Peer):
    """Airflow without a Hookline that does anything."""

    name = "Airflow's REST API"
    keeps = "the Dag run, in PostgreSQL"
    commands = (
        "pip install apache-airflow apache-airflow-providers-postgres",
        "airflow api-server | scheduler | dag-processor | triggerer",
    )
    patience = 10.0
    loops = False

    def install(self) -> str:
        postgres = run([str(find_programs() / "postgres"), "--version"], folder=self.cache).split()[-1]
        return f"{version('apache-airflow')}, PostgreSQL {postgres}"

    def start(self) -> None:
        dags = self.folder / "dags"
        dags.mkdir()
        (dags / "peers.py").write_text((REPOSITORY / "benchmarks/dags/peers.py").read_text())
        environment = {
            "AIRFLOW_CONN_PEERS": json.dumps(SOURCE),
            "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": str(PAGE),
            "AIRFLOW__HOOKLINE__RUN_LOOPS": str(self.loops),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "PEERS_LEDGER": str(self.ledger),
        }
        self.stack = Stack(self.folder / "stack", port=0, dags_folder=dags, environment=environment)
        self.stack.start()
        self.stack.wait_ready()
        self._dag = "peers.first"
        for dag in ("peers.rate", "peers.first"):
            if not self.stack.wait_for(lambda d=dag: self._ask(d, 1).status == 200, START_SECONDS):  # type: ignore[misc]
                raise DemoError(f"The Dag {dag} was not parsed.")

    def request(self) -> Request:
        url = f"{self.stack.url}/api/v2/dags/{self._dag}/dagRuns"
        run = {"dag_run_id": f"rest__{DATA['id']}", "logical_date": None, "conf": {"data": DATA}}
        return Request(url, json.dumps(run), {"Authorization": f"Bearer {self.stack.token()}"})

    def groups(self) -> list[int]:
        return [one.pid for one in self.stack.components.values() if one.pid is not None]

    def restart(self) -> None:
        for component in self.stack.components.values():
            component.wait(START_SECONDS)
        self.stack.components["postgres"].restart()
        self._wait_for_database()
        for name, component in self.stack.components.items():
            if name != "postgres":
                component.restart()
        self.stack.wait_ready()

    def _wait_for_database(self) -> None:
        """Wait until PostgreSQL has recovered from its log."""
        engine = create_engine(self.stack.database_url)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return engine.dispose()

    def rest(self) -> None:
        paused = self.stack.api("PATCH", f"/dags/{self._dag}", {"is_paused": True})
        if paused.status != 200:
            raise DemoError(f"Airflow does not pause the Dag: {paused.status} {paused.body[:200]!r}")
        self._dag = "peers.rate"

    def count(self) -> int:
        return int(self._runs(1)["total_entries"])

    def started(self) -> set[str]:
        pages = range(0, self.count(), PAGE)
        runs = [run for offset in pages for run in self._runs(PAGE, offset)["dag_runs"]]
        return {run["dag_run_id"].rpartition("__")[2] for run in runs}

    def _runs(self, limit: int, offset: int = 0) -> Any:
        """Return a page of the Dag's runs; asked right after a restart, Airflow may take its time."""
        deadline = time.monotonic() + START_SECONDS
        while (answer := self._ask(self._dag, limit, offset)).status != 200:
            if time.monotonic() > deadline:
                raise DemoError(f"Airflow does not tell its Dag runs: {answer.status} {answer.body[:200]!r}")
            time.sleep(1)
        return answer.json()

    def _ask(self, dag: str, limit: int, offset: int = 0) -> Answer:
        return self.stack.api("GET", f"/dags/{dag}/dagRuns?limit={limit}&offset={offset}&order_by=id")

    def stop(self) -> None:
        if hasattr(self, "stack"):
            self.stack.stop()


class Hookline(Airflow):
    """The gateway, and Airflow with Hookline's loops in its api-server."""

    name = "Hookline"
    keeps = "the event, in PostgreSQL"
    commands = (
        "pip install airflow-hookline apache-airflow-providers-postgres",
        Airflow.commands[1],
        "airflow hookline gateway",
    )
    signed = True
    loops = True

    def install(self) -> str:
        return f"{version('airflow-hookline')}, Airflow {super().install()}"

    def start(self) -> None:
        super().start()
        self._port = free_port()
        self.stack.spawn(
            "gateway", airflow("hookline", "gateway", "--host", LOOPBACK, "--port", str(self._port))
        )
        self._wait_for_gateway()

    def restart(self) -> None:
        super().restart()
        self._wait_for_gateway()

    def _wait_for_gateway(self) -> None:
        health = f"http://{LOOPBACK}:{self._port}/hooks/health"
        if not self.stack.wait_for(lambda: ask("GET", health).status == 200, START_SECONDS):
            raise DemoError("The gateway is not ready.")

    def request(self) -> Request:
        event = self._dag.partition(".")[2]
        return Request(
            f"http://{LOOPBACK}:{self._port}/hooks/in/peers/{event}", json.dumps(DATA), signed=self.signed
        )
