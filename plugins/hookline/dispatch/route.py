"""From events to jobs: what each event is for, written together with the runs that can be made at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import timezone

from hookline.dispatch import assets, targets, watchers
from hookline.dispatch.dags import Found, NotFound
from hookline.dispatch.runs import Runs, Start
from hookline.dispatch.watchers import Watchers
from hookline.inbox import store as inbox
from hookline.jobs import queue, store
from hookline.jobs.models import ASSET, DONE, FAILED, GATHERING, HELD, PENDING, REFUSED, RUN
from hookline.jobs.store import NewJob
from hookline.protocol import content, deduplication
from hookline.protocol.content import Content
from hookline.protocol.gathering import DEBOUNCE

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.models.asset import AssetModel
    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import EventDags, Known
    from hookline.inbox.models import InboxEvent
    from hookline.jobs.models import Job

RETRY_AFTER = timedelta(seconds=10)


@dataclass(slots=True)
class Plan:
    """One job to be.

    :param found: the Dag that is to run now.
    :param asset: the asset that is updated.
    :param watched: whether the asset watches the source.
    """

    job: NewJob
    found: Found | None = None
    asset: AssetModel | None = None
    watched: bool = False
    number: int = 0


@dataclass(slots=True)
class Route:
    """All that is for one event.

    :param reason: why no Dag takes it by its name.
    """

    event: InboxEvent
    content: Content
    plans: list[Plan] = field(default_factory=list)
    reason: str | None = None


class Router:
    """Decides in the caller's transaction.

    ``touched`` are the Dags and keys that got something to gather since somebody emptied it.
    """

    def __init__(self, dags: EventDags) -> None:
        self.dags = dags
        self.runs = Runs()
        self._watchers = Watchers()
        self.touched: set[tuple[str, str]] = set()

    def route(self, session: Session, events: Sequence[InboxEvent], taken: Collection[int] = ()) -> None:
        """Write the jobs of events, make their runs, and let each event say what has become of it.

        :param events: locked by the caller.
        :param taken: numbers of those that a waiting task took, which need no Dag.
        """
        now = timezone.utcnow()
        routes = list(self._plan(session, events, now))
        before = queue.of_events(session, [event.seq for event in events])
        self._write(session, routes, before, now)
        plans = [(route, plan) for route in routes for plan in route.plans]
        starts = [(plan, _start(route, plan)) for route, plan in plans if plan.found is not None]
        self.runs.make(session, [start for _, start in starts])
        for plan, start in starts:
            _settle(plan.job, start, now)
        for route, plan in plans:
            if plan.asset is not None:
                plan.job.reason = assets.register(session, plan.asset, route.content, watched=plan.watched)
                plan.job.state = REFUSED if plan.job.reason else DONE
        changed = [plan for _, plan in plans if plan.job.state not in (DONE, HELD, GATHERING)]
        store.change(session, [(plan.number, plan.job) for plan in changed], now)
        for route in routes:
            _tell(route, before, route.event.seq in taken)

    def _plan(self, session: Session, events: Sequence[InboxEvent], now: datetime) -> Iterator[Route]:
        # A Dag that was there when an event came is not to miss it.
        self.dags.refresh(session, at_once=True)
        marks = self.dags.marks
        candidates = {event.seq: json.loads(event.candidates) for event in events}
        wanted = targets.interesting(marks, candidates.values(), (event.source for event in events))
        known = self.dags.look_up(session, wanted)
        uris = {event.seq: assets.uri(event.source, event.event_type) for event in events}
        scheduled = assets.scheduled(session, set(uris.values()))
        watching = self._watchers.look_up(session)
        for event in events:
            route = Route(event, Content(event.body))
            for dag_id, entry in self._targets(route, candidates[event.seq], known):
                route.plans.append(self._of_dag(route, dag_id, entry, now))
            asset = scheduled.get(uris[event.seq])
            if asset is not None:
                route.plans.append(Plan(_job(route, ASSET, asset.uri), asset=asset))
            for watcher in watchers.matching(watching, event, route.content):
                if watcher is not asset:
                    route.plans.append(Plan(_job(route, ASSET, watcher.uri), asset=watcher, watched=True))
            yield route

    def _targets(self, route: Route, candidates: Sequence[str], known: Known) -> list[targets.Target]:
        event, read = route.event, route.content
        named = targets.named(candidates, known, self.dags.marks)
        if isinstance(named, NotFound):
            route.reason, named = named.reason, []
        of_source = targets.subscribed(
            event.source, event.event_type, lambda: read.event, known, self.dags.marks
        )
        return named + of_source

    def _of_dag(self, route: Route, dag_id: str, entry: Found | NotFound, now: datetime) -> Plan:
        job = _job(route, RUN, dag_id, dag_id=dag_id)
        if isinstance(entry, NotFound):
            job.state, job.reason = HELD, entry.reason
            return Plan(job)
        gathering = entry.mark.gathering
        job.gather_key = gathering.key_of(route.content.event) if gathering else None
        if entry.paused and not route.event.run_paused:
            job.state, job.reason = HELD, f"The Dag `{dag_id}` is paused."
        elif gathering is not None and job.gather_key is not None:
            job.state = GATHERING
            job.due_at = min(now, route.event.received_at) + timedelta(seconds=gathering.seconds)
            if gathering.how != DEBOUNCE:  # nobody who comes makes a quiet time end sooner
                self.touched.add((dag_id, job.gather_key))
        else:
            # As if all went well: nobody sees it before it is committed.
            job.state, job.run_id = DONE, deduplication.run_id(job.source, job.event_id)
            return Plan(job, found=entry)
        return Plan(job)

    def _write(
        self,
        session: Session,
        routes: Sequence[Route],
        before: dict[tuple[int, str, str], Job],
        now: datetime,
    ) -> None:
        fresh: list[Plan] = []
        again: list[Plan] = []
        for route in routes:
            kept = []
            for plan in route.plans:
                known = before.get((route.event.seq, plan.job.kind, plan.job.target))
                if known is None:
                    fresh.append(plan)
                elif known.state in (HELD, REFUSED, FAILED) and known.held_by is None:
                    plan.number = known.seq
                    again.append(plan)
                else:
                    continue
                kept.append(plan)
            route.plans = kept
        for plan, number in zip(fresh, store.add(session, [plan.job for plan in fresh], now), strict=True):
            plan.number = number
        store.change(session, [(plan.number, plan.job) for plan in again], now)


def _job(route: Route, kind: str, target: str, dag_id: str | None = None) -> NewJob:
    event = route.event
    return NewJob(
        source=event.source,
        event_id=event.event_id,
        event_type=event.event_type,
        received_at=event.received_at,
        kind=kind,
        target=target,
        event_seq=event.seq,
        url=route.content.path,
        dag_id=dag_id,
        state=DONE,
        attempts=event.attempts,
        run_paused=event.run_paused or None,
    )


def _start(route: Route, plan: Plan) -> Start:
    job, found = plan.job, plan.found
    assert found is not None  # noqa: S101  for the type checker
    assert job.run_id is not None  # noqa: S101
    gathering = found.mark.gathering
    return Start(
        found,
        job.run_id,
        content.of_run(job.run_id, [route.content], batch=gathering is not None and gathering.is_batch),
        source=job.source,
        note=content.note(plan.number, job.source, job.event_type, job.event_id),
    )


def _settle(job: NewJob, start: Start, now: datetime) -> None:
    if start.failure is None:
        return
    job.state, job.reason, job.run_id = start.after(job.attempts), start.failure, None
    job.due_at = now + RETRY_AFTER


def _by_hand(job: NewJob | Job) -> bool:
    return job.state == HELD and job.held_by is not None


def _tell(route: Route, before: dict[tuple[int, str, str], Job], taken: bool) -> None:
    event = route.event
    others = [job for (number, _, _), job in before.items() if number == event.seq]
    ours = {plan.number for plan in route.plans}
    jobs = [plan.job for plan in route.plans] + [job for job in others if job.seq not in ours]
    done = next((job for job in jobs if job.state == DONE and job.kind == RUN), None)
    # What a person holds is decided: no Dag that appears makes it go out.
    waiting = next((job for job in jobs if job.state in (PENDING, GATHERING) or _by_hand(job)), None)
    held = next((job for job in jobs if job.state == HELD), None)
    refused = next((job for job in jobs if job.state == REFUSED), None)
    failed = next((job for job in jobs if job.state == FAILED), None)
    if done is not None:
        inbox.dispatched(event, done.dag_id, done.run_id)
    elif waiting is not None:
        inbox.dispatched(event, waiting.dag_id, None)
    elif taken or any(job.state == DONE for job in jobs):
        inbox.taken(event)
    elif held is not None:
        inbox.hold(event, " ".join(dict.fromkeys(job.reason or "" for job in jobs if job.state == HELD)))
    elif failed is not None:
        inbox.fail(event, failed.reason or "")
    elif refused is not None:
        inbox.quarantine(event, refused.reason or "")
    else:
        inbox.hold(event, route.reason or "No Dag takes it.")
