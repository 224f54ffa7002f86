"""XComs of a task that runs in the triggerer.

The task instance's own methods need an operator of the Dag file, or ask what a triggerer may not ask
(``ToTriggerSupervisor`` in ``airflow/jobs/triggerer_job_runner.py``).
"""

from __future__ import annotations

from typing import Any

from airflow.sdk.execution_time.xcom import XCom


async def push(instance: Any, key: str, value: Any) -> None:
    """Write an XCom of ``instance``."""
    await XCom.aset(key=key, value=value, **_of(instance))


async def pull(instance: Any, key: str) -> Any:
    """Return an XCom of ``instance``, None if there is none."""
    return await XCom.aget_one(key=key, **_of(instance))


def _of(instance: Any) -> dict[str, Any]:
    index = -1 if instance.map_index is None else instance.map_index
    return {
        "dag_id": instance.dag_id,
        "run_id": instance.run_id,
        "task_id": instance.task_id,
        "map_index": index,
    }
