"""What senders and operators do, over HTTP only: it knows nothing of Hookline's tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests

from demo.rest import Answer
from demo.stack import Stack

SECRET = "an-end-to-end-secret"
FINAL = ("success", "failed")
PATIENCE = 3


class Driver:
    """Drives one stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def post(self, event: str, data: Any, delivery: str | None = None, **arguments: Any) -> requests.Response:
        """Send an event to the source `chaos`."""
        headers = {"X-API-Key": SECRET, **({"X-Delivery-Id": delivery} if delivery else {})}
        url = f"{self.stack.url}/hooks/in/chaos/{event}"
        return requests.post(url, json=data, headers=headers, timeout=30, **arguments)

    def run(self, dag_id: str, run_id: str) -> dict[str, Any] | None:
        """Return a Dag run as the REST API gives it, or None."""
        answer = self.stack.api("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")
        return answer.json() if answer.status == 200 else None

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return all runs of a Dag."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._page(f"/dags/{dag_id}/dagRuns?limit=100&offset={len(found)}")
            found += page["dag_runs"]
            if not page["dag_runs"]:
                return found

    def _page(self, path: str) -> Any:
        # Airflow may answer 500 while SQLite's one writer is somebody else.
        answer = wait_for(lambda: (got := self.stack.api("GET", path)).status == 200 and got, 30, path)
        return answer.json()

    def finished(self, dag_id: str, run_id: str, seconds: float = 60) -> str:
        """Wait for a run and return its final state."""
        run = wait_for(
            lambda: (found := self.run(dag_id, run_id)) and found["state"] in FINAL and found,
            seconds,
            f"run {run_id} of {dag_id}",
        )
        return str(run["state"])

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> Answer:
        """Start a run as a REST client does."""
        return self.stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        return self.stack.api("GET", f"{path}/xcomEntries/return_value?deserialize=true").json()["value"]

    def instance(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return a task instance."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        return self.stack.api("GET", path).json()

    def log(self, dag_id: str, run_id: str, task_id: str, map_index: int | None = None) -> str:
        """Return the log of a task's first try."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        which = "" if map_index is None else f"&map_index={map_index}"
        return self.stack.api("GET", f"{path}/logs/1?full_content=true{which}").body.decode()

    def wait_for_dags(self, *dag_ids: str, seconds: float = 90) -> None:
        """Wait until the dag-processor has put the Dags into the database."""
        for dag_id in dag_ids:
            wait_for(
                lambda dag_id=dag_id: self.stack.api("GET", f"/dags/{dag_id}").status == 200, seconds, dag_id
            )


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Ask until the answer is true; return it.

    :param seconds: within which it is on a machine that does nothing else; one with other work gets more.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE:g} s for {what}")
        time.sleep(0.1)
