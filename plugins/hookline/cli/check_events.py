"""Doctor's look at the inbox: what waits, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airflow.sdk import timezone
from sqlalchemy.orm import Session

from hookline.cli.finding import Finding, fail, ok, warn
from hookline.database import engine
from hookline.dispatch import files, targets
from hookline.dispatch.dags import EventDags
from hookline.inbox import store
from hookline.inbox.models import FAILED, HELD, PENDING, QUARANTINED
from hookline.jobs import queue

SLOW = timedelta(minutes=1)


def findings() -> Iterator[Finding]:
    """Yield how many events wait in which state, and what each waits for."""
    with engine().connect() as connection:
        counts = store.counts(connection)
        stuck = store.has_pending(connection, timezone.utcnow() - SLOW)
        kinds = store.held_candidates(connection)
        waited_for = queue.held_dags(connection)
    if stuck:
        yield fail(
            "dispatch",
            f"events have been pending for over {SLOW.seconds} s",
            "Start `airflow hookline worker`, or an api-server with [hookline] run_loops = True.",
        )
    else:
        yield ok("dispatch", f"{counts.get(PENDING, 0)} pending")
    if counts.get(QUARANTINED):
        yield warn(
            "quarantine",
            f"{counts[QUARANTINED]} events that Airflow refused",
            "See the reasons: airflow hookline events list --state quarantined",
        )
    if counts.get(FAILED):
        yield warn(
            "failed events",
            f"{counts[FAILED]} events whose tries are used up",
            "See why, then let them run again: airflow hookline jobs list --state failed, jobs replay",
        )
    if counts.get(HELD):
        wanted = ", ".join(kind[0] for kind in kinds[:5])
        yield warn(
            "held events",
            f"{counts[HELD]} without a Dag that takes them: {wanted}",
            "Add or unpause the Dag, they go out by themselves: airflow hookline events list --state held",
        )
    if waited_for:
        yield warn(
            "held jobs",
            f"events wait for Dags that cannot run now: {', '.join(waited_for[:5])}",
            "Unpause or mend them, the jobs go out by themselves: airflow hookline jobs list --state held",
        )
    for conflict in _conflicts():
        yield fail("claims", conflict, "Until then these events are held.")


def _conflicts() -> list[str]:
    dags = EventDags()
    with Session(engine()) as session:
        dags.refresh(session)
        shared = [
            mark.event for mark in dags.marks.of_all().values() if mark.event not in (None, mark.dag_id)
        ]
        wanted = targets.interesting(dags.marks, [(event,) for event in shared if event], ())
        claimed = targets.conflicts(dags.look_up(session, wanted), dags.marks)
        doubled = {**dags.marks.files.doubled(), **files.alternating(session, dags.marks.of_all())}
        return claimed + [files.reason(dag_id, found) for dag_id, found in sorted(doubled.items())]
