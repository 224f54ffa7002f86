"""What came of an event: its Dag run, and the call the run made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.progress import Step
from demo.rest import request_json
from demo.scenario import known
from demo.stack import Stack

ENDED_BOUND = 90.0
ENDED = ("success", "failed")


@dataclass(frozen=True)
class Outcome:
    """One event at the end of its way.

    ``call`` is the request of the run as the echo receiver saw it, ``status`` what the task was answered;
    both are empty where there was none.
    """

    event_id: str
    dag_id: str
    run_id: str
    state: str
    call: str
    status: str
    page: str

    @property
    def problem(self) -> str:
        """What is wrong, or an empty string."""
        if self.state != "success":
            return f"the run of {self.dag_id} should have succeeded but is {self.state}"
        if not self.call or not self.status.startswith("2"):
            return f"the run of {self.dag_id} succeeded, but the echo receiver did not get its call"
        return ""


class Runs:
    """The Dag runs of events that were sent.

    Args:
        stack: where they run.
        sent: event id by Dag id.
    """

    def __init__(self, stack: Stack, sent: Mapping[str, str]) -> None:
        self._stack = stack
        self._event_ids = sent
        self._run_ids = {
            dag_id: f"webhook__{known(dag_id).source}__{event_id}" for dag_id, event_id in sent.items()
        }

    def wait(self, current: Step) -> None:
        """Wait until all have ended, or until it took too long: the outcomes tell."""

        def ended() -> bool:
            states = {dag_id: self._state(dag_id) for dag_id in self._run_ids}
            current.detail = ", ".join(f"{dag_id} {state}" for dag_id, state in states.items())
            return all(state in ENDED for state in states.values())

        self._stack.wait_for(ended, ENDED_BOUND)

    def outcomes(self, echo_url: str) -> list[Outcome]:
        """Return what came of the events, in the order they were sent."""
        answer = request_json("GET", f"{echo_url}/__received").json() or {"received": []}
        calls = {call["id"]: f"{call['method']} {echo_url}{call['path']}" for call in answer["received"]}
        return [self._outcome(dag_id, calls) for dag_id in self._run_ids]

    def _outcome(self, dag_id: str, calls: Mapping[Any, str]) -> Outcome:
        run_id = self._run_ids[dag_id]
        response = self._response(dag_id)
        body = response.get("body")
        return Outcome(
            event_id=self._event_ids[dag_id],
            dag_id=dag_id,
            run_id=run_id,
            state=self._state(dag_id),
            # The receiver numbers what it receives, so its answer names the request in its record.
            call=calls.get(body.get("id"), "") if isinstance(body, dict) else "",
            status=str(response.get("status", "")),
            page=f"{self._stack.url}/dags/{dag_id}/runs/{run_id}",
        )

    def _state(self, dag_id: str) -> str:
        run = self._stack.api("GET", self._path(dag_id))
        return str(run.json()["state"]) if run.status == 200 else "missing"

    def _response(self, dag_id: str) -> dict[str, Any]:
        """Return the HTTP response one of the run's tasks returned, or an empty dictionary."""
        tasks = self._stack.api("GET", f"{self._path(dag_id)}/taskInstances").json() or {}
        for task in tasks.get("task_instances", []):
            path = f"{self._path(dag_id)}/taskInstances/{task['task_id']}/xcomEntries/return_value"
            value = (self._stack.api("GET", path).json() or {}).get("value")
            if isinstance(value, dict) and "status" in value:
                return value
        return {}

    def _path(self, dag_id: str) -> str:
        return f"/dags/{dag_id}/dagRuns/{self._run_ids[dag_id]}"
