"""Doctor's look at the outbox: what other systems were not told, and why."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.sdk import timezone

from hookline import backlog
from hookline.cli.finding import Finding, ok, warn
from hookline.database import engine

SLOW_SECONDS = 600.0


def findings() -> Iterator[Finding]:
    """Yield how many deliveries wait, how many were given up, and which endpoints are not sent to."""
    with engine().connect() as connection:
        found = backlog.look(connection, timezone.utcnow())
    pending = f"{found['hookline.deliveries.pending']:.0f} pending"
    oldest = found["hookline.deliveries.oldest_pending_seconds"]
    if oldest > SLOW_SECONDS:
        yield warn(
            "deliveries",
            f"{pending}, the oldest for {oldest:.0f} s",
            "See what the receivers answer: airflow hookline deliveries list --state pending",
        )
    else:
        yield ok("deliveries", pending)
    if dead := found["hookline.deliveries.dead"]:
        yield warn(
            "dead deliveries",
            f"{dead:.0f} were given up",
            "See why, and replay them: airflow hookline deliveries list --state dead",
        )
    for state, action in (
        ("open", "They are tried again by themselves: airflow hookline endpoints list --state open"),
        ("disabled", "Mend and enable them: airflow hookline endpoints list --state disabled"),
    ):
        if count := found[f"hookline.endpoints.{state}"]:
            yield warn(f"{state} endpoints", f"{count:.0f} that nothing is sent to", action)
