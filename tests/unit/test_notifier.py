"""A callback's POST: what it says, and where it may go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError, EgressRefused
from hookline.notifications.webhook import WebhookNotifier, told

RUN = SimpleNamespace(dag_id="d", run_id="r", state="failed")
STEP = SimpleNamespace(task_id="t", map_index=-1, try_number=2, state="up_for_retry")


@pytest.mark.parametrize(
    ("context", "kind", "data"),
    [
        (
            {"dag_run": RUN, "ti": STEP, "task": object()},
            "step.up_for_retry",
            {
                "dag_id": "d",
                "run": {"id": "r"},
                "step": {"task_id": "t", "map_index": None, "try_number": 2, "state": "up_for_retry"},
            },
        ),
        ({"dag_run": RUN, "ti": STEP}, "run.failed", {"dag_id": "d", "run": {"id": "r"}}),
        ({"dag_run": RUN}, "run.failed", {"dag_id": "d", "run": {"id": "r"}}),
    ],
    ids=["a task's callback", "a Dag's callback with a task instance", "a Dag's callback"],
)
def test_it_says_what_happened(context: dict[str, Any], kind: str, data: dict[str, Any]) -> None:
    payload = told(context)

    assert (payload["type"], payload["data"]) == (kind, data)


@pytest.mark.parametrize(("index", "said"), [(-1, None), (None, None), (0, 0), (3, 3)])
def test_it_says_which_of_mapped_steps(index: int | None, said: int | None) -> None:
    step = SimpleNamespace(task_id="t", map_index=index, try_number=1, state="failed")

    assert told({"dag_run": RUN, "ti": step, "task": object()})["data"]["step"]["map_index"] == said


def test_it_needs_an_address() -> None:
    with pytest.raises(ConfigurationError, match="needs http_conn_id or url"):
        WebhookNotifier()


def test_it_goes_to_public_addresses_only() -> None:
    with pytest.raises(EgressRefused):
        WebhookNotifier(url="http://127.0.0.1:9/in")({"dag_run": RUN})
