"""One job that a person holds, or lets go on; every function works inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from hookline.exceptions import HooklineError
from hookline.jobs.models import GATHERING, HELD, PENDING, Job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Wrong(HooklineError):
    """A job that cannot be held or released; the message says why."""


def hold(session: Session, number: int, by: str, now: datetime) -> Job:
    """Let a job wait until a person releases it, whatever its Dag could do.

    :param by: who holds it.
    :raises Wrong: it is not there, has gone out, shares its run, or is held by somebody.
    """
    job = _locked(session, number)
    if job.held_by is not None and job.state == HELD:
        raise Wrong(f"Job {number} is held by {job.held_by} already.")
    if job.state not in (PENDING, GATHERING, HELD):
        raise Wrong(f"Job {number} is {job.state}; only what has not gone out can be held.")
    # Without it the others would have a run of the same id, which this one would find later.
    if job.run_id is not None and _shares_its_run(session, job):
        raise Wrong(f"Job {number} is part of the run `{job.run_id}`, which goes out at once.")
    job.state, job.held_by, job.reason, job.updated_at = HELD, by, f"{by} holds it.", now
    return job


def release(session: Session, number: int, now: datetime) -> Job:
    """Let a held job go on, as soon as its Dag can run.

    :raises Wrong: it is not there, or not held.
    """
    job = _locked(session, number)
    if job.state != HELD:
        raise Wrong(f"Job {number} is {job.state}; only what is held can be released.")
    go_on(job, now)
    return job


def go_on(job: Job, now: datetime) -> None:
    """Hand a locked job to its gathering, or let it go out: a queue stays one, and a batch whole."""
    job.state = GATHERING if job.gather_key is not None and job.run_id is None else PENDING
    job.due_at, job.reason, job.attempts, job.updated_at, job.held_by = now, None, 0, now, None


def _locked(session: Session, number: int) -> Job:
    job = session.scalar(select(Job).where(Job.seq == number).with_for_update())
    if job is None:
        raise Wrong(f"There is no job {number}.")
    return job


def _shares_its_run(session: Session, job: Job) -> bool:
    others = select(Job.seq).where(
        Job.run_id == job.run_id, Job.dag_id == job.dag_id, Job.seq != job.seq, Job.state == PENDING
    )
    return session.execute(others.limit(1)).first() is not None
