"""Answering the sender from a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.protocol import response


def respond(
    context: Mapping[str, Any],
    status: int | str = 200,
    headers: Mapping[str, Any] | None = None,
    body: Any = None,
    content_type: str | None = None,
) -> dict[str, Any]:
    """Answer the sender whose request waits for this run; the first answer of a run counts.

    :param context: the task's.
    :returns: ``{"status": int}``.
    :raises ConfigurationError: the answer is not allowed, see :mod:`hookline.protocol.response`.
    """
    from airflow.sdk.execution_time.xcom import XCom

    made = response.compose(status, headers, body, content_type)
    instance = context["ti"]
    # Past a custom XCom backend, which the server could not read.
    XCom._set_xcom_in_db(  # noqa: SLF001  as Airflow's task runner leaves links for its server
        response.KEY,
        response.dump(made),
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=instance.run_id,
        map_index=-1 if instance.map_index is None else instance.map_index,
    )
    return {"status": made.status}
