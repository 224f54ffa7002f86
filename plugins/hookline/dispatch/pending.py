"""Jobs that are to go out: replays, what was held, what has been gathered, what failed before.

As with events the try is counted and committed before it begins, and what ended its process is tried alone.
Jobs with one run id become one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from airflow.sdk import timezone
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import assets, quiet
from hookline.dispatch.batch import BATCH, FATAL, LEASE
from hookline.dispatch.dags import Found, NotFound
from hookline.dispatch.route import RETRY_AFTER
from hookline.dispatch.runs import MAX_ATTEMPTS, Start
from hookline.jobs import queue
from hookline.jobs.models import ASSET, DONE, FAILED, GATHERING, HELD, PENDING, REFUSED, RUN, Job
from hookline.protocol import content, deduplication, repetition
from hookline.protocol.content import Content
from hookline.protocol.gathering import DEBOUNCE

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags, Known
    from hookline.dispatch.runs import Runs

log = structlog.get_logger(__name__)

GONE = "Its event is not in the inbox any more."
Group = list[Job]


def go(dags: EventDags, runs: Runs) -> int:
    """Let one batch of jobs out.

    :returns: how many were claimed; 0 means that nothing was due.
    :raises SQLAlchemyError: the database is away; nothing of the batch has happened.
    """
    now = timezone.utcnow()
    with autocommit() as connection:
        if not queue.has_due(connection, now):
            return 0
    with Session(engine()) as session, session.begin():
        numbers, spent = _begin(session, now)
    try:
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            jobs = queue.whole(session, queue.lock(session, numbers | spent))
            _all([job for job in jobs if job.seq in spent], FAILED, FATAL, now)
            _go(session, dags, runs, _groups(jobs, numbers), now)
            queue.tell_events(session, jobs)
    except Exception:
        with suppress(SQLAlchemyError), Session(engine()) as session, session.begin():
            queue.take_back_tries(session, numbers, timezone.utcnow())
        raise
    return len(numbers) + len(spent)


def _begin(session: Session, now: datetime) -> tuple[set[int], set[int]]:
    """Return the numbers of those that are tried now, and of those that have no try left."""
    first = queue.claim(session, now, BATCH)
    if not first:
        return set(), set()
    alone = first[0].attempts > 0
    chosen = first[:1] if alone else [job for job in first if not job.attempts]
    chosen = list({job.seq: job for job in (*chosen, *queue.members(session, _runs(chosen)))}.values())
    spent = {job.seq for job in chosen if job.attempts >= MAX_ATTEMPTS}
    numbers = {job.seq for job in chosen} - spent
    for job in chosen:
        job.attempts += job.seq in numbers
        job.due_at = now + LEASE
    return numbers, spent


def _runs(jobs: Collection[Job]) -> set[tuple[str | None, str | None]]:
    return {(job.dag_id, job.run_id) for job in jobs if job.run_id is not None}


def _groups(jobs: Sequence[Job], claimed: Collection[int]) -> list[Group]:
    of_run: dict[tuple[str | None, str], Group] = defaultdict(list)
    for job in jobs:
        if job.seq in claimed:
            of_run[job.dag_id, job.run_id or _run_id(job)].append(job)
    return [sorted(group, key=lambda job: (job.event_seq or 0, job.seq)) for group in of_run.values()]


def _run_id(job: Job) -> str:
    if job.origin_seq is not None:
        return deduplication.job_run_id(job.seq)
    return deduplication.run_id(job.source, job.event_id)


def _go(session: Session, dags: EventDags, runs: Runs, groups: Sequence[Group], now: datetime) -> None:
    known = dags.look_up(session, {group[0].dag_id for group in groups if group[0].dag_id is not None})
    bodies = queue.bodies(session, [job for group in groups for job in group])
    starts: list[tuple[Group, Start]] = []
    before = [(group, group[-1].run_id) for group in groups if group[-1].gather_key is not None]
    for group in groups:
        events = [Content(bodies[job.seq]) for job in group if job.seq in bodies]
        if len(events) < len(group):
            _all(group, REFUSED, GONE, now)
        elif group[0].kind == ASSET:
            _register(session, group[0], events[0], now)
        elif group[0].kind != RUN:
            _all(group, REFUSED, f"What is a {group[0].kind} cannot go out again.", now)
        elif (start := _start(session, dags, group, events=events, known=known, now=now)) is not None:
            starts.append((group, start))
    runs.make(session, [start for _, start in starts])
    for group, start in starts:
        _settle(session, runs, group, start=start, bodies=bodies, now=now)
    for group, run_id in before:
        if run_id is not None and _may_be_quiet(known.get(group[0].dag_id or "")):
            quiet.follow(session, group, run_id)


def _start(
    session: Session, dags: EventDags, group: Group, *, events: Sequence[Content], known: Known, now: datetime
) -> Start | None:
    last = group[-1]
    entry = known.get(last.dag_id or "", NotFound(f"No event Dag is called `{last.dag_id}`."))
    if isinstance(entry, NotFound):
        _hold(group, entry.reason, now)
        return None
    if entry.paused and last.origin_seq is None and not all(job.run_paused for job in group):
        _hold(group, f"The Dag `{last.dag_id}` is paused.", now)
        return None
    if _is_to_gather(last, entry, events[-1], now):
        return None
    run_id = last.run_id or _run_id(last)
    note = content.note(
        last.seq, last.source, last.event_type, last.event_id, others=len(group) - 1, origin=last.origin_seq
    )
    conf = content.of_run(run_id, events, batch=_is_batch(entry))
    version = repetition.version(events[-1].event)
    if version is not None:
        entry = dags.at_version(session, entry, version)
        if isinstance(entry, NotFound):
            _all(group, REFUSED, entry.reason, now)
            return None
    return Start(entry, run_id, conf, source=last.source, note=note)


def _hold(group: Group, reason: str, now: datetime) -> None:
    _all(group, HELD, reason, now)
    if len(group) > 1:
        for job in group:
            # Not released together, the later ones would find a run that is not theirs.
            job.run_id = None


def _is_to_gather(job: Job, found: Found, event: Content, now: datetime) -> bool:
    """Send a job to its gathering that was held when nobody could say what its Dag gathers by."""
    how = found.mark.gathering
    if how is None or job.origin_seq is not None or job.run_id is not None or job.gather_key is not None:
        return False
    job.gather_key = how.key_of(event.event)
    if job.gather_key is None:
        return False
    _all([job], GATHERING, None, now)
    job.attempts, job.due_at = 0, now
    return True


def _may_be_quiet(entry: Found | NotFound | None) -> bool:
    gathering = entry.mark.gathering if isinstance(entry, Found) else None
    return not isinstance(entry, Found) or (gathering is not None and gathering.how == DEBOUNCE)


def _is_batch(found: Found) -> bool:
    return found.mark.gathering is not None and found.mark.gathering.is_batch


def _settle(
    session: Session, runs: Runs, group: Group, *, start: Start, bodies: dict[int, str], now: datetime
) -> None:
    if start.failure is None:
        _all(group, DONE, None, now)
        for job in group:
            job.run_id = start.run_id
        if not _is_batch(start.found):
            for job in group[:-1]:
                job.reason = f"Job {group[-1].seq} was later and took its place."
        return
    after = start.after(group[-1].attempts)
    if after == PENDING:
        _all(group, PENDING, start.failure, now)
        for job in group:
            job.due_at = now + RETRY_AFTER
        return
    good = _good(session, runs, group, start, bodies) if len(group) > 1 else []
    for job in good:
        # What Airflow refuses leaves the batch; the others go out without it.
        job.attempts, job.due_at, job.run_id = 0, now, deduplication.job_run_id(good[-1].seq)
    _all([job for job in group if job not in good], after, start.failure, now)


def _good(session: Session, runs: Runs, group: Group, start: Start, bodies: dict[int, str]) -> Group:
    good = []
    for job in group:
        one = [Content(bodies[job.seq])]
        conf = content.of_run(start.run_id, one, batch=_is_batch(start.found))
        if runs.would_make(session, Start(start.found, start.run_id, conf, source=start.source, note="")):
            good.append(job)
    return good if len(good) < len(group) else []


def _register(session: Session, job: Job, event: Content, now: datetime) -> None:
    asset = assets.scheduled(session, [job.target]).get(job.target)
    reason = "No Dag is scheduled on the asset." if asset is None else assets.register(session, asset, event)
    job.state, job.reason, job.updated_at = REFUSED if reason else DONE, reason, now


def _all(group: Group, state: str, reason: str | None, now: datetime) -> None:
    for job in group:
        job.state, job.reason, job.updated_at = state, reason, now
        if state in (REFUSED, FAILED):
            job.run_id = None
