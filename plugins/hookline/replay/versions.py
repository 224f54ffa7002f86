"""The versions of Dags that ran then (``airflow/models/dagrun.py``, ``created_dag_version_id``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from airflow.models.dagrun import DagRun
from sqlalchemy import and_, select

from hookline.jobs.models import Job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.replay.selection import Item

CHUNK = 1000


def of_then(session: Session, jobs: Collection[int]) -> dict[int, str]:
    """Return for jobs the id of the Dag version that ran; jobs whose Dag's bundle keeps none are left out."""
    query = (
        select(Job.seq, DagRun.created_dag_version_id)
        .join(DagRun, and_(DagRun.dag_id == Job.dag_id, DagRun.run_id == Job.run_id))
        .where(
            Job.seq.in_(jobs), DagRun.bundle_version.is_not(None), DagRun.created_dag_version_id.is_not(None)
        )
    )
    return {number: str(version) for number, version in session.execute(query)}


def without(session: Session, items: Sequence[Item]) -> set[str]:
    """Return the Dags of those items of which no version of then is kept."""
    missing: set[str] = set()
    for start in range(0, len(items), CHUNK):
        some = items[start : start + CHUNK]
        known = of_then(session, [item.job for item in some if item.job is not None])
        missing |= {item.dag_id for item in some if item.job not in known}
    return missing
