"""The record of tasks that events woke: one job each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.sdk import timezone

from hookline.jobs import queue, store
from hookline.jobs.models import DONE, WAKE
from hookline.jobs.store import NewJob
from hookline.protocol.content import Content

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from hookline.dispatch.matching import Taken


def record(session: Session, taken: Collection[Taken]) -> None:
    """Write a job for each event that went to a waiting task; one that gets it again has its job."""
    jobs = {}
    for event, waiter in taken:
        target = json.dumps([waiter.dag_id, waiter.run_id, waiter.task_id, waiter.map_index])
        jobs[event.seq, WAKE, target] = NewJob(
            source=event.source,
            event_id=event.event_id,
            event_type=event.event_type,
            received_at=event.received_at,
            kind=WAKE,
            target=target,
            url=Content(event.body).path,
            event_seq=event.seq,
            dag_id=waiter.dag_id,
            run_id=waiter.run_id,
            task_id=waiter.task_id,
            map_index=waiter.map_index,
            state=DONE,
        )
    known = queue.of_events(session, {event.seq for event, _ in taken}) if taken else {}
    store.add(session, [job for key, job in jobs.items() if key not in known], timezone.utcnow())
