"""How a task of a Dag stops until the server wakes it, and what it is told then.

A parked task is in Airflow's state ``awaiting_input``: it has no worker, no trigger and no triggerer, and
what it waits for stands in its ``next_kwargs`` (``TaskAwaitingInput`` in ``airflow/sdk/exceptions.py``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout

from hookline.protocol.wait import KEY, RESULT


def park(wait: Mapping[str, Any], *, method: str, timeout: timedelta | None) -> NoReturn:
    """Stop this task until the server wakes it with a result.

    :param wait: JSON of what it waits for, rendered: the server renders nothing. An ``id`` is added, by which
        the server knows this wait from every other one of the same task.
    :param method: called as ``method(context, event=..., hookline_wait=...)``; see :func:`result`.
    :param timeout: after which Airflow's scheduler wakes the task without a result.
    :raises TaskAwaitingInput: always; it is what Airflow's task runner takes for parking.
    """
    from airflow.sdk.exceptions import TaskAwaitingInput

    raise TaskAwaitingInput(
        method_name=method, kwargs={KEY: {"id": uuid.uuid4().hex, **wait}}, timeout=timeout
    )


def result(event: Mapping[str, Any], what: str) -> Any:
    """Return what the server woke the task with.

    :param event: as the method got it.
    :param what: what was waited for, for the message.
    :raises AirflowSensorTimeout: the time was up.
    :raises AirflowException: the server found the wait impossible; the message says why.
    """
    if event.get("error_type") == "timeout":
        raise AirflowSensorTimeout(f"The time is up, and {what} has not come.")
    if RESULT not in event:
        raise AirflowException(str(event.get("error") or "The task was resumed without a result."))
    return json.loads(event[RESULT])
