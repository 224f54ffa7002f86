"""What happens to a step or a run, and the id by which a receiver knows that it was told before."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

CREATED = "created"
"""The step's try has left the state none: it is scheduled, queued, deferred, parked or running."""
COMPLETED = "completed"
"""It ended well."""
FAILED = "failed"
"""It failed and is not tried again."""
UP_FOR_RETRY = "up_for_retry"
"""The try failed; another one follows."""
SKIPPED = "skipped"
DEFERRED = "deferred"
"""It waits for a trigger."""
RUN_STARTED = "run_started"
RUN_SUCCEEDED = "run_succeeded"
RUN_FAILED = "run_failed"

OF_STEPS = (CREATED, COMPLETED, FAILED, UP_FOR_RETRY, SKIPPED, DEFERRED)
OF_RUNS = (RUN_STARTED, RUN_SUCCEEDED, RUN_FAILED)
ALL = (*OF_STEPS, *OF_RUNS)


@dataclass(frozen=True, slots=True, order=True)
class Transition:
    """One thing that happened, once.

    :param run: id of the ``dag_run`` row.
    :param task_id: empty for a transition of the run itself.
    :param map_index: -1 for a task that is not mapped.
    :param try_number: of the step; of a run, how often it was cleared, plus one.
    """

    run: int
    task_id: str
    map_index: int
    try_number: int
    name: str


def event_type(name: str) -> str:
    """Return the ``type`` of a payload: ``step.completed`` or ``run.failed``."""
    return f"run.{name.removeprefix('run_')}" if name in OF_RUNS else f"step.{name}"


def delivery_id(dag_id: str, run_id: str, transition: Transition, webhook: str) -> str:
    """Return the message's id, the same on every replica and after every crash."""
    parts = (
        dag_id,
        run_id,
        transition.task_id,
        str(transition.map_index),
        str(transition.try_number),
        transition.name,
        webhook,
    )
    # Lengths, so that no two lists of parts make the same text.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return "msg_" + base64.b32encode(digest).decode("ascii").rstrip("=").lower()
