"""Waking a parked task: with its row locked, and only while it waits for what it is woken with.

The way of Airflow's own answers to people (``airflow/api_fastapi/core_api/routes/public/hitl.py``): lock the
task instance, look again, ``handle_event_submit``. A worker then calls the task's method, so that callbacks,
outlets, retries and XCom backends are as in any other task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import handle_event_submit
from airflow.triggers.base import TriggerEvent
from airflow.utils.state import TaskInstanceState

from hookline.protocol.wait import KEY, RESULT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def wait_of(instance: Any) -> dict[str, Any] | None:
    """Return what a parked task waits for, None if it is not parked by Hookline."""
    if instance is None or instance.state != TaskInstanceState.AWAITING_INPUT:
        return None
    wait = (instance.next_kwargs or {}).get(KEY)
    return dict(wait) if isinstance(wait, dict) and isinstance(wait.get("id"), str) else None


def lock(session: Session, instance_id: UUID, wait_id: str) -> Any:
    """Lock and return the task instance if it still waits this wait, else None.

    :param instance_id: ``TaskInstance.id``, which each try has its own of.
    :param wait_id: the ``id`` of the wait, see :func:`hookline.parking.park`.
    """
    # ``populate_existing``: what the session knows of the row may be older than the lock.
    instance = session.get(
        TaskInstance, instance_id, with_for_update={"of": TaskInstance}, populate_existing=True
    )
    wait = wait_of(instance)
    return instance if wait is not None and wait["id"] == wait_id else None


def wake(session: Session, instance_id: UUID, wait_id: str, result: str) -> bool:
    """Resume a task with a result, inside the caller's transaction.

    :param result: JSON text; :func:`hookline.parking.result` reads it on the worker. As text, since Airflow
        would make objects of dictionaries that a sender wrote.
    :returns: whether it was woken: not if it was cleared, failed, timed out, deleted or woken before.
    """
    instance = lock(session, instance_id, wait_id)
    if instance is None:
        return False
    resume(session, instance, {RESULT: result})
    return True


def refuse(session: Session, instance_id: UUID, wait_id: str, reason: str) -> bool:
    """Resume a task so that it fails with a reason, inside the caller's transaction.

    :returns: whether it was woken, as :func:`wake` does.
    """
    instance = lock(session, instance_id, wait_id)
    if instance is None:
        return False
    resume(session, instance, {"error": reason})
    return True


def resume(session: Session, instance: Any, payload: dict[str, str]) -> None:
    """Hand a locked task instance back to the scheduler."""
    handle_event_submit(TriggerEvent(payload), task_instance=instance, session=session)
