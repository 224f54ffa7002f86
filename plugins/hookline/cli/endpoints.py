"""``airflow hookline endpoints``: whether receivers are sent to, and why not."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.database import engine
from hookline.health import require_database
from hookline.outbox import reading, store
from hookline.outbox.reading import MOST

REASON_CHARS = 500


@suppress_logs_and_warning
@providers_configuration_loaded
def list_endpoints(args: Namespace) -> None:
    """Print all endpoints, by name."""
    require_database()
    rows: list[Any] = []
    with engine().connect() as connection:
        while page := reading.endpoints(
            connection, after=rows[-1].key if rows else "", state=args.state, limit=MOST
        ):
            rows += page
    if not rows and args.output == "table":
        print("No endpoints. They appear with the first message to them.")
        return
    AirflowConsole().print_as(data=rows, output=args.output, mapper=_summary)


@suppress_logs_and_warning
@providers_configuration_loaded
def enable(args: Namespace) -> None:
    """Send to an endpoint again, first what was held.

    :raises SystemExit: there is none of this name.
    """
    require_database()
    with engine().begin() as connection:
        held = store.enable(connection, args.endpoint, datetime.now(UTC))
    if held is None:
        raise _unknown(args.endpoint)
    print(f"Enabled; {held} held deliveries go out.")


@suppress_logs_and_warning
@providers_configuration_loaded
def disable(args: Namespace) -> None:
    """Send nothing to an endpoint until it is enabled.

    :raises SystemExit: there is none of this name.
    """
    require_database()
    reason = f"by hand: {args.reason}"[:REASON_CHARS] if args.reason else "by hand"
    with engine().begin() as connection:
        known = store.disable(connection, args.endpoint, reason, datetime.now(UTC))
    if not known:
        raise _unknown(args.endpoint)
    print("Disabled; its deliveries are held.")


def _unknown(key: str) -> SystemExit:
    return SystemExit(f"No endpoint `{key}`. `airflow hookline endpoints list` shows them all.")


def _summary(row: Any) -> dict[str, Any]:
    return {
        "endpoint": row.key,
        "state": row.state,
        "failures": row.failures,
        "next_probe": row.probe_at.isoformat(timespec="seconds") if row.probe_at else "",
        "since": row.changed_at.isoformat(timespec="seconds"),
        "reason": row.reason or "",
    }
