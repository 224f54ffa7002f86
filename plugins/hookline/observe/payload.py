"""The JSON that tells of a transition; ``docs/reference/step-webhooks.md`` documents every field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow._shared.secrets_masker import redact

from hookline.observe.previous import EVENT, FORM, RUN
from hookline.observe.values import Budget, readable, time
from hookline.steps.transition import (
    COMPLETED,
    CREATED,
    DEFERRED,
    FAILED,
    RUN_STARTED,
    SKIPPED,
    UP_FOR_RETRY,
    Transition,
    event_type,
)

if TYPE_CHECKING:
    from hookline.observe.facts import Request, StepFacts

_STATES = {
    COMPLETED: "success",
    FAILED: "failed",
    SKIPPED: "skipped",
    UP_FOR_RETRY: "up_for_retry",
    DEFERRED: "deferred",
}
APPROVE = "Approve"
"""``ApprovalOperator.APPROVE`` of the standard provider."""


def happened_at(transition: Transition, step: StepFacts | None, run: Any) -> datetime | None:
    """Return when it happened, as far as the rows say."""
    if not transition.task_id:
        of_run: datetime | None = run.run_start if transition.name == RUN_STARTED else run.run_end
        return of_run
    if step is None:
        return None
    if transition.name == CREATED:
        return step.scheduled_dttm or step.start_date or step.updated_at
    if transition.name == DEFERRED:
        return step.updated_at
    return step.end_date or step.updated_at


def build(
    transition: Transition,
    run: Any,
    at: datetime,
    webhook: str,
    base_url: str,
) -> dict[str, Any]:
    """Return what every message has."""
    address = f"{base_url}/dags/{quote(run.dag_id, safe='')}/runs/{quote(run.run_id, safe='')}"
    if transition.task_id:
        address += f"/tasks/{quote(transition.task_id, safe='')}"
        address += f"/mapped/{transition.map_index}" if transition.map_index >= 0 else ""
    return {
        "type": event_type(transition.name),
        "timestamp": time(at),
        "data": {
            "webhook": webhook,
            "dag_id": run.dag_id,
            "run": {
                "id": run.run_id,
                "number": transition.try_number if not transition.task_id else run.clear_number + 1,
                "type": str(getattr(run.run_type, "value", run.run_type)),
                "state": str(getattr(run.run_state, "value", run.run_state)),
                "triggered_by": str(getattr(run.triggered_by, "value", run.triggered_by)),
                "user": run.triggering_user_name,
                "logical_date": time(run.logical_date),
                "run_after": time(run.run_after),
                "started_at": time(run.run_start),
                "ended_at": time(run.run_end),
            },
            "url": address,
        },
    }


def of_step(transition: Transition, step: StepFacts | None, budget: Budget) -> dict[str, Any]:
    """Return the step that a message is about, in the state that the message tells."""
    if step is None:  # deleted meanwhile
        return {
            "task_id": transition.task_id,
            "map_index": _index(transition.map_index),
            "try_number": transition.try_number,
            "state": _STATES.get(transition.name),
        }
    found = _step(step, budget)
    found["try_number"] = transition.try_number
    if transition.name in _STATES:
        found["state"] = _STATES[transition.name]
    if transition.name in (CREATED, DEFERRED):
        # Not over: what an earlier try left is not its own.
        found |= {"ended_at": None, "duration": None, "result": None}
    if transition.name == CREATED:
        found["inputs"] = None
    return found


def of_previous(kind: str, steps: Sequence[StepFacts], conf: Any, budget: Budget) -> dict[str, Any]:
    """Return what came before a step."""
    if kind in (FORM, EVENT):
        return {"kind": kind, kind: _event(kind, conf, budget)}
    if kind == RUN:
        return {"kind": kind, "conf": budget.take(redact(conf) if conf else None)}
    return {"kind": kind, "steps": [_step(one, budget) for one in steps]}


def _step(step: StepFacts, budget: Budget) -> dict[str, Any]:
    found = {
        "task_id": step.task_id,
        "map_index": _index(step.map_index),
        "try_number": step.try_number,
        "max_tries": step.max_tries,
        "operator": step.custom_operator_name or step.operator,
        "state": None if step.state is None else str(getattr(step.state, "value", step.state)),
        "started_at": time(step.start_date),
        "ended_at": time(step.end_date),
        "duration": step.duration,
        "inputs": budget.take(step.inputs),
        "result": None,
    }
    if step.request is not None:
        found["approval"] = _approval(step.request, budget)
    else:
        found["result"] = _result(step, budget)
    return found


def _result(step: StepFacts, budget: Budget) -> Any:
    value = step.result
    if step.load is not None and value is None and budget.has_room(step.result_bytes or 0):
        value = step.load()
    return budget.take(readable(value), step.result_bytes)


def _approval(request: Request, budget: Budget) -> dict[str, Any]:
    decided = request.at is not None
    return {
        "subject": request.subject,
        "body": budget.take(request.body),
        "options": request.options,
        "decision": request.chosen if decided else None,
        "approved": APPROVE in (request.chosen or ()) if decided and APPROVE in request.options else None,
        "decided_by": request.by,
        "decided_at": time(request.at),
        "by_default": decided and request.by is None,
        "answers": budget.take(redact(request.answers)) if decided else None,
    }


def _event(kind: str, conf: dict[str, Any], budget: Budget) -> dict[str, Any]:
    extension = conf.get("hookline")
    if not isinstance(extension, dict):  # whoever starts a run writes its conf
        extension = {}
    found = {name: conf.get(name) for name in ("id", "source", "type", "subject", "time")}
    found["data"] = budget.take(redact(conf.get("data")))
    files = extension.get("files")
    found["files"] = [
        {name: file.get(name) for name in ("name", "content_type", "size", "field")}
        for file in (files[:100] if isinstance(files, list) else ())
        if isinstance(file, dict)
    ]
    if kind == FORM:
        found |= {"access": extension["form"], "user": extension.get("user")}
    return found


def _index(map_index: int) -> int | None:
    return None if map_index < 0 else map_index
