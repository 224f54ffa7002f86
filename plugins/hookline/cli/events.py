"""``airflow hookline events``: the inbox, read-only."""

from __future__ import annotations

import json
from argparse import Namespace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.cli.simple_table import AirflowConsole
from airflow.models.dag import DagTag
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy import select

from hookline.database import engine
from hookline.health import require_database
from hookline.inbox import held, store
from hookline.inbox.models import HELD
from hookline.protocol.mark import TAG

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
        near = _Nearest(connection)
        found = [{**_summary(row), "reason": near.to(row)} for row in rows]
    if not rows and args.output == "table":
        print("No events. Send one: airflow hookline send github.push --sample")
        return
    AirflowConsole().print_as(data=found, output=args.output)


@suppress_logs_and_warning
@providers_configuration_loaded
def show(args: Namespace) -> None:
    """Print each source's event of this id as JSON.

    :raises SystemExit: there is none.
    """
    require_database()
    with engine().connect() as connection:
        rows = store.by_id(connection, args.event_id)
        near = _Nearest(connection)
        found = [{**_summary(row), "reason": near.to(row)} for row in rows]
    if not rows:
        raise SystemExit(f"No event `{args.event_id}`. `airflow hookline events list` shows the newest ones.")
    for row, one in zip(rows, found, strict=True):
        print(json.dumps({**one, "event": json.loads(row.body)}, indent=2))


class _Nearest:
    """Names the event Dag that a held event may have been meant for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def _dags(self) -> list[str]:
        return list(self._connection.scalars(select(DagTag.dag_id).where(DagTag.name == TAG)))

    def to(self, row: Any) -> str:
        """Return the row's reason, with the nearest dag id where no Dag has the right one."""
        reason = row.reason or ""
        if row.state != HELD or not reason.startswith("No event Dag"):
            return reason
        found = held.nearest(json.loads(row.candidates), self._dags)
        return f"{reason} The nearest is called `{found[0]}`." if found else reason


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
