"""``airflow hookline sources``: who may send, and why requests were refused."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.connections import BackendUnavailable
from hookline.database import engine
from hookline.exceptions import ConfigurationError
from hookline.health import require_database
from hookline.inbox import refusals
from hookline.ingress.connections import listed, load

NOBODY = "-"
MISSING = "hidden by a Connection of another type"
MAX_LIMIT = 1000


@suppress_logs_and_warning
@providers_configuration_loaded
def list_sources(args: Namespace) -> None:
    """Print the sources; a secrets backend cannot be listed.

    :raises SystemExit: the metadata database is away.
    """
    require_database()
    rows = [{**_described(name), "last_refusal": _last(name)} for name in sorted(listed())]
    if not rows and args.output == "table":
        print("No sources. Make a Connection of type `webhook`; its id is the source's name.")
        return
    AirflowConsole().print_as(data=rows, output=args.output)


@suppress_logs_and_warning
@providers_configuration_loaded
def show(args: Namespace) -> None:
    """Print one source as JSON, and the newest requests that it refused.

    :raises SystemExit: there is no such source, or the limit is out of range.
    """
    if not 1 <= args.limit <= MAX_LIMIT:
        raise SystemExit(f"--limit takes 1 to {MAX_LIMIT}.")
    require_database()
    described = {} if args.name == NOBODY else _described(args.name)
    if described.get("state") == MISSING:
        raise SystemExit(f"There is no source `{args.name}`: no Connection of type `webhook` has this id.")
    source = refusals.NO_SOURCE if args.name == NOBODY else args.name
    with engine().connect() as connection:
        rows = refusals.recent(connection, source, args.limit)
    print(json.dumps({**described, "refused": [_refusal(row) for row in rows]}, indent=2))


def _described(name: str) -> dict[str, str]:
    authentication = ""
    try:
        source = load(name)
        state = MISSING if source is None else "takes events"
        authentication = source.scheme.name if source else ""
    except (ConfigurationError, BackendUnavailable) as error:
        state = f"closed: {error}"
    return {"source": name, "authentication": authentication, "url": f"/hooks/in/{name}", "state": state}


def _last(name: str) -> str:
    with engine().connect() as connection:
        rows = refusals.recent(connection, name, 1)
    return f"{rows[0].refused_at:%Y-%m-%d %H:%M:%S} {rows[0].status} {rows[0].reason}" if rows else ""


def _refusal(row: Any) -> dict[str, Any]:
    return {
        "time": row.refused_at.isoformat(timespec="seconds"),
        "status": row.status,
        "problem": row.problem,
        "reason": row.reason,
        "times": row.times,
        "client": row.client,
        "request": json.loads(row.request),
    }
