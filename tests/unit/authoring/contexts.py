"""What a task's context holds of its run."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any


def context(
    conf: dict[str, Any] | None, *, dag_id: str = "shop.paid", run_id: str = "manual__1"
) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id=dag_id, run_id=run_id, conf=conf, run_after=datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
    )
    return {"dag_run": run, "params": {"data": {"sample": True}}}
