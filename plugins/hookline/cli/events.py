"""``airflow hookline events``: the inbox, read-only."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.database import engine
from hookline.health import require_database
from hookline.inbox import store

MAX_LIMIT = 10_000


@suppress_logs_and_warning
@providers_configuration_loaded
def list_events(args: Namespace) -> None:
    """Print the newest events.

    :raises SystemExit: the limit is out of range.
    """
    if not 1 <= args.limit <= MAX_LIMIT:
        raise SystemExit(f"--limit takes 1 to {MAX_LIMIT}.")
    require_database()
    with engine().connect() as connection:
        rows = store.recent(connection, limit=args.limit, state=args.state, source=args.source)
    if not rows and args.output == "table":
        print("No events. Send one: airflow hookline send github.push --sample")
        return
    AirflowConsole().print_as(data=rows, output=args.output, mapper=_summary)


@suppress_logs_and_warning
@providers_configuration_loaded
def show(args: Namespace) -> None:
    """Print each source's event of this id as JSON.

    :raises SystemExit: there is none.
    """
    require_database()
    with engine().connect() as connection:
        rows = store.by_id(connection, args.event_id)
    if not rows:
        raise SystemExit(f"No event `{args.event_id}`. `airflow hookline events list` shows the newest ones.")
    for row in rows:
        print(json.dumps({**_summary(row), "event": json.loads(row.body)}, indent=2))


def _summary(row: Any) -> dict[str, Any]:
    return {
        "event_id": row.event_id,
        "source": row.source,
        "type": row.event_type,
        "received": row.received_at.isoformat(timespec="seconds"),
        "state": row.state,
        "dag_id": row.dag_id or "",
        "run_id": row.run_id or "",
        "reason": row.reason or "",
    }
