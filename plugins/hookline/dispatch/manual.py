"""Runs of event Dags that a person started, by the Trigger form or REST: jobs too, in the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.models.dagrun import DagRun
from airflow.sdk import timezone
from airflow.utils.types import DagRunType
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.jobs import queue, store
from hookline.jobs.models import DONE, MANUAL, Job
from hookline.jobs.store import NewJob

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags

NAME = "manual"
AT_ONCE = 100
MAX_BODY = 2**20
"""Characters of an event that are kept with a job; the run has it in any case."""
SETTLED = timedelta(minutes=1)
"""After this no transaction is still to commit a run with a smaller id."""


def record(dags: EventDags) -> int:
    """Write a job for each run that has none; those from before Hookline came are left alone.

    :returns: how many.
    :raises SQLAlchemyError: the database is away.
    """
    now = timezone.utcnow()
    with Session(engine()) as session, session.begin():
        progress = queue.only_one(session, NAME)
        if progress is None:
            return 0
        if progress.value == 0:
            progress.value = (session.scalar(select(func.max(DagRun.id))) or 0) + 1
            return 0
        dags.refresh(session)
        job = select(Job.seq).where(Job.run_id == DagRun.run_id, Job.dag_id == DagRun.dag_id)
        columns = (DagRun.dag_id, DagRun.run_id, DagRun.conf, DagRun.run_after, DagRun.triggering_user_name)
        query = (
            select(*columns)
            .where(
                DagRun.id >= progress.value,
                DagRun.run_type == DagRunType.MANUAL,
                DagRun.dag_id.in_(dags.marks.of_all()),
                ~job.exists(),
            )
            .order_by(DagRun.id)
            .limit(AT_ONCE)
        )
        rows = session.execute(query).all()
        store.add(session, [_job(row) for row in rows], now)
        if len(rows) < AT_ONCE:
            progress.value = _settled(session, progress.value, now)
        return len(rows)


def _settled(session: Session, value: int, now: datetime) -> int:
    query = select(func.max(DagRun.id)).where(DagRun.id >= value, DagRun.queued_at < now - SETTLED)
    last = session.scalar(query)
    return value if last is None else last + 1


def _job(row: Any) -> NewJob:
    # Whoever starts a run writes its conf: nothing in it is as an event's must be.
    conf = row.conf if isinstance(row.conf, Mapping) else {}
    source = _text(conf.get("source"), 100, "manual")
    event_id = _text(conf.get("id"), 250, row.run_id)
    event_type = _text(conf.get("type"), 250, row.dag_id)
    return NewJob(
        source=source,
        event_id=event_id,
        event_type=event_type,
        received_at=row.run_after,
        body=_body(conf, {"id": event_id, "source": source, "type": event_type}, row.run_after),
        kind=MANUAL,
        target=row.dag_id,
        dag_id=row.dag_id,
        run_id=row.run_id,
        state=DONE,
        reason=f"Started by {_text(row.triggering_user_name, 100, 'nobody that Airflow names')}.",
    )


def _body(conf: Mapping[str, Any], filled: Mapping[str, str], time: datetime) -> str | None:
    """Return the event as the run sees it, see :class:`hookline.authoring.Event`; None if there is none."""
    if "data" not in conf:
        return None
    text = json.dumps({"specversion": "1.0", "time": time.isoformat(), **conf, **filled})
    return text if len(text) <= MAX_BODY else None


def _text(value: Any, most: int, otherwise: str) -> str:
    found = value if isinstance(value, str) and value.isprintable() else ""
    return (found or otherwise)[:most]
