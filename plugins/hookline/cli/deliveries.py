"""``airflow hookline deliveries``: what was sent, what was answered, and sending it again."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.health import require_database
from hookline.observe import again
from hookline.outbox import reading, store
from hookline.outbox.models import HELD, PENDING
from hookline.outbox.reading import MOST, Filter

ATTEMPTS = 50


@suppress_logs_and_warning
@providers_configuration_loaded
def list_deliveries(args: Namespace) -> None:
    """Print the newest deliveries that the filter finds.

    :raises SystemExit: the limit is out of range.
    """
    if not 1 <= args.limit <= MOST:
        raise SystemExit(f"--limit takes 1 to {MOST}.")
    require_database()
    with engine().connect() as connection:
        rows = reading.page(connection, _filter(args), before=args.before, limit=args.limit)
    if not rows and args.output == "table":
        print("No deliveries.")
        return
    AirflowConsole().print_as(data=rows, output=args.output, mapper=_summary)
    if len(rows) == args.limit and args.output == "table":
        print(f"Older ones: --before {rows[-1].seq}")


@suppress_logs_and_warning
@providers_configuration_loaded
def show(args: Namespace) -> None:
    """Print a delivery with its message and its newest attempts as JSON.

    :raises SystemExit: there is none of this id.
    """
    require_database()
    with engine().connect() as connection:
        row = _found(connection, args.delivery_id)
        attempts = reading.attempts(connection, row.seq, limit=ATTEMPTS)
    shown = {
        **_summary(row),
        "task_id": row.task_id,
        "map_index": row.map_index,
        "try_number": row.try_number,
        "endpoint": json.loads(row.target or "{}"),
        "message": json.loads(row.payload),
        "attempts": [_attempt(attempt) for attempt in attempts],
    }
    print(json.dumps(shown, indent=2))


@suppress_logs_and_warning
@providers_configuration_loaded
def replay(args: Namespace) -> None:
    """Send deliveries again.

    :raises SystemExit: there is none of this id, or neither an id nor a state is given.
    """
    if args.delivery_id is None and args.state is None:
        raise SystemExit("Name a delivery, or a --state such as dead and whatever else narrows it down.")
    _act(args, again.replay, "sent again", store.REPLAYABLE)


@suppress_logs_and_warning
@providers_configuration_loaded
def cancel(args: Namespace) -> None:
    """Take deliveries back that are not delivered yet.

    :raises SystemExit: there is none of this id, or neither an id nor a filter is given.
    """
    if args.delivery_id is None and _filter(args) == Filter():
        raise SystemExit("Name a delivery, or say which: --endpoint, --webhook, --dag-id, --state …")
    _act(args, store.cancel, "cancelled", (PENDING, HELD))


def _act(args: Namespace, action: Callable[..., int], done: str, states: tuple[str, ...]) -> None:
    require_database()
    now = datetime.now(UTC)
    count = 0
    if args.delivery_id is not None:
        with Session(engine()) as session, session.begin():
            row = _found(session, args.delivery_id)
            fits = row.state in states
            count = int(fits) if args.dry_run else action(session, [row.seq], now)
        if not fits:
            raise SystemExit(f"It is {row.state}; nothing was done.")
        if not count:
            with engine().connect() as connection:
                raise SystemExit(f"Nothing was done: {_found(connection, args.delivery_id).reason}.")
    else:
        for numbers in _pages(_filter(args), states):
            with Session(engine()) as session, session.begin():
                count += len(numbers) if args.dry_run else action(session, numbers, now)
    print(f"{count} {'would be ' if args.dry_run else ''}{done}.")


def _pages(only: Filter, states: tuple[str, ...]) -> Iterator[list[int]]:
    before = None
    while True:
        with engine().connect() as connection:
            rows = reading.page(connection, only, before=before, limit=MOST)
        if not rows:
            return
        before = rows[-1].seq
        yield [row.seq for row in rows if row.state in states]


def _found(connection: Any, delivery_id: str) -> Any:
    row = reading.find(connection, delivery_id)
    if row is None:
        raise SystemExit(
            f"No delivery `{delivery_id}`. `airflow hookline deliveries list` shows the newest ones."
        )
    return row


def _filter(args: Namespace) -> Filter:
    return Filter(
        state=args.state,
        dag_id=args.dag_id,
        run_id=args.run_id,
        task_id=args.task_id,
        webhook=args.webhook,
        endpoint=args.endpoint,
        added_from=args.since,
        added_before=args.until,
    )


def _summary(row: Any) -> dict[str, Any]:
    return {
        "delivery_id": row.delivery_id,
        "added": row.added_at.isoformat(timespec="seconds"),
        "webhook": row.webhook,
        "dag_id": row.dag_id,
        "run_id": row.run_id,
        "transition": row.transition,
        "to": row.endpoint,
        "state": row.state,
        "attempts": row.attempts,
        "due": row.due_at.isoformat(timespec="seconds") if row.state == PENDING else "",
        "reason": row.reason or "",
    }


def _attempt(row: Any) -> dict[str, Any]:
    return {
        "started": row.started_at.isoformat(timespec="milliseconds"),
        "seconds": row.seconds,
        "status": row.status,
        "error": row.error,
        "request_headers": json.loads(row.request_headers),
        "response_headers": json.loads(row.response_headers or "{}"),
        "response_body": row.response_body,
    }
