"""Doctor's look at the inbox: what waits, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airflow.sdk import timezone

from hookline.cli.finding import Finding, fail, ok, warn
from hookline.database import engine
from hookline.inbox import store
from hookline.inbox.models import HELD, PENDING, QUARANTINED

SLOW = timedelta(minutes=1)


def findings() -> Iterator[Finding]:
    """Yield how many events wait in which state, and what each waits for."""
    with engine().connect() as connection:
        counts = store.counts(connection)
        stuck = store.has_pending(connection, timezone.utcnow() - SLOW)
        kinds = store.held_candidates(connection)
    if stuck:
        yield fail(
            "dispatch",
            f"events have been pending for over {SLOW.seconds} s",
            "Start an api-server with [hookline] run_loops=True.",
        )
    else:
        yield ok("dispatch", f"{counts.get(PENDING, 0)} pending")
    if counts.get(QUARANTINED):
        yield warn(
            "quarantine",
            f"{counts[QUARANTINED]} events that Airflow refused",
            "See the reasons: airflow hookline events list --state quarantined",
        )
    if counts.get(HELD):
        wanted = ", ".join(kind[0] for kind in kinds[:5])
        yield warn(
            "held events",
            f"{counts[HELD]} without a Dag that takes them: {wanted}",
            "Add or unpause the Dag, they go out by themselves: airflow hookline events list --state held",
        )
