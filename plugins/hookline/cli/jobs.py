"""``airflow hookline jobs``: the record of what events caused, read-only."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.database import engine
from hookline.health import require_database
from hookline.jobs import store
from hookline.jobs.store import Filter

MAX_LIMIT = 10_000


@suppress_logs_and_warning
@providers_configuration_loaded
def list_jobs(args: Namespace) -> None:
    """Print the newest jobs.

    :raises SystemExit: the limit is out of range.
    """
    if not 1 <= args.limit <= MAX_LIMIT:
        raise SystemExit(f"--limit takes 1 to {MAX_LIMIT}.")
    wanted = Filter(
        source=args.source,
        event_type=args.type,
        state=args.state,
        dag_id=args.dag,
        kind=args.kind,
        since=args.since,
        until=args.until,
        text=args.text,
    )
    require_database()
    with engine().connect() as connection:
        page = store.page(connection, wanted, limit=args.limit, before=args.before)
    if not page.jobs and page.before is None and args.output == "table":
        print("No jobs. What has arrived: airflow hookline events list")
        return
    AirflowConsole().print_as(data=list(page.jobs), output=args.output, mapper=_summary)
    if page.before is not None and args.output == "table":
        print(f"More: --before {page.before}")


@suppress_logs_and_warning
@providers_configuration_loaded
def show(args: Namespace) -> None:
    """Print one job with its event as JSON.

    :raises SystemExit: there is none.
    """
    require_database()
    with engine().connect() as connection:
        row = store.get(connection, args.number)
    if row is None:
        raise SystemExit(f"No job {args.number}. `airflow hookline jobs list` shows the newest ones.")
    details = {
        "url": row.url,
        "task_id": row.task_id,
        "map_index": row.map_index,
        "attempts": row.attempts,
        "key": row.gather_key,
        "replay_of": row.origin_seq,
        "due": row.due_at.isoformat(timespec="seconds"),
        "updated": row.updated_at.isoformat(timespec="seconds"),
        "event": json.loads(row.event_body) if row.event_body else None,
    }
    print(json.dumps({**_summary(row), **details}, indent=2))


def _summary(row: Any) -> dict[str, Any]:
    return {
        "job": row.seq,
        "event_id": row.event_id,
        "source": row.source,
        "type": row.event_type,
        "received": row.received_at.isoformat(timespec="seconds"),
        "kind": row.kind,
        "target": row.target,
        "state": row.state,
        "run_id": row.run_id or "",
        "reason": row.reason or "",
    }
