"""Quiet times: however many events a key had, they become one run, of the last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from hookline.inbox import models as inbox
from hookline.inbox.models import InboxEvent
from hookline.jobs import queue
from hookline.jobs.models import DONE, FAILED, GATHERING, HELD, PENDING, REFUSED, RUN, Job
from hookline.protocol import deduplication, gathering
from hookline.protocol.gathering import MAX_BATCH, MAX_DEBOUNCED, Gathering, Waiting

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

AT_ONCE = 5000
"""Rows of one statement; SQLite takes 32,766 parameters."""
_OF_EVENT = {DONE: inbox.DISPATCHED, REFUSED: inbox.QUARANTINED, FAILED: inbox.FAILED}
"""What a job's end is for its event."""


def close(session: Session, dag_id: str, key: str, how: Gathering, now: datetime) -> int:
    """Let out what has been quiet for long enough; of the rest say when it will be.

    :returns: how many jobs go out.
    """
    rows = queue.arrivals(session, dag_id, key, MAX_DEBOUNCED + 1)
    if any(row.state == HELD for row in rows):
        return 0  # released in part they belong together all the same
    waiting = [Waiting(row.seq, row.received_at) for row in rows]
    groups = gathering.ready(how, waiting, now)
    if rest := waiting[sum(map(len, groups)) :]:
        _change(session, rest, due_at=gathering.closes(how, rest))
    return sum(_out(session, group, now) for group in groups)


def follow(session: Session, group: Sequence[Job], run_id: str) -> None:
    """Let those whose place was taken before anything was tried share what becomes of a run's last job.

    :param group: the jobs that were to have the run, after a try.
    :param run_id: the run's id before that try.
    """
    last = next((job for job in reversed(group) if job.state in (DONE, PENDING)), group[-1])
    earlier = (
        Job.run_id == run_id,
        Job.dag_id == last.dag_id,
        Job.kind == RUN,
        Job.state == DONE,
        Job.event_seq < group[0].event_seq,
    )
    if last.state in _OF_EVENT:
        session.execute(
            update(InboxEvent)
            .where(InboxEvent.seq.in_(select(Job.event_seq).where(*earlier)), InboxEvent.run_id.is_(None))
            .values(state=_OF_EVENT[last.state], dag_id=last.dag_id, run_id=last.run_id, reason=last.reason)
            .execution_options(**queue.WHOLE)
        )
    taken = last.state in (DONE, PENDING)
    values = {
        "state": DONE if taken else last.state,
        "reason": _reason(last.seq) if taken else last.reason,
        "run_id": last.run_id,
    }
    session.execute(update(Job).where(*earlier).values(values).execution_options(**queue.WHOLE))


def _out(session: Session, group: Sequence[Waiting], now: datetime) -> int:
    last = session.get_one(Job, group[-1].number)
    run_id = deduplication.run_id(last.source, last.event_id)
    # Who has the run is decided among the last: one that Airflow refuses leaves it to the one before.
    earlier, candidates = group[:-MAX_BATCH], group[-MAX_BATCH:]
    _change(session, candidates, state=PENDING, run_id=run_id, due_at=now, updated_at=now, attempts=0)
    _change(session, earlier, state=DONE, run_id=run_id, reason=_reason(last.seq), updated_at=now)
    return len(candidates)


def _reason(number: int) -> str:
    return f"Job {number} was later and took its place."


def _change(session: Session, jobs: Sequence[Waiting], **values: Any) -> None:
    for start in range(0, len(jobs), AT_ONCE):
        numbers = [job.number for job in jobs[start : start + AT_ONCE]]
        session.execute(
            update(Job)
            .where(Job.seq.in_(numbers), Job.state == GATHERING)
            .values(values)
            .execution_options(**queue.WHOLE)
        )
