"""``airflow hookline events replay|release`` and ``jobs replay``: plan, show, ask, start, watch."""

from __future__ import annotations

import getpass
import json
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch.dags import EventDags
from hookline.health import require_database
from hookline.inbox import held
from hookline.inbox import store as inbox
from hookline.inbox.search import Filter
from hookline.jobs.store import Filter as JobFilter
from hookline.replay import edited, store
from hookline.replay.models import RUNNING, Replay
from hookline.replay.selection import Rights, Selected, Selection, Unselectable, select_items

MAX_RATE = 1000
PAUSE = 1.0
PATIENCE = 15.0
KINDS = 1000


@suppress_logs_and_warning
@providers_configuration_loaded
def replay_events(args: Namespace) -> None:
    """Let one event, or those that fit the filter, run again.

    :raises SystemExit: it cannot be, or nobody said yes.
    """
    require_database()
    if args.cancel is not None:
        _cancel(args.cancel)
        return
    wanted = Filter(**_fields(args))
    if args.event_id is not None:
        number = _number(args.event_id, args.source)
        _carry_out(args, Selection(event=number, dag_id=args.to, version=args.version))
    elif wanted == Filter():
        raise SystemExit("Say which events: an id, or a filter such as --source or --since.")
    else:
        _carry_out(args, Selection(events=wanted, dag_id=args.to, version=args.version))


@suppress_logs_and_warning
@providers_configuration_loaded
def replay_jobs(args: Namespace) -> None:
    """Let one job, or those that fit the filter, run again.

    :raises SystemExit: it cannot be, or nobody said yes.
    """
    require_database()
    wanted = JobFilter(**_fields(args))
    if args.job is not None:
        _carry_out(args, Selection(job=args.job, dag_id=args.to, version=args.version))
    elif wanted == JobFilter():
        raise SystemExit("Say which jobs: a number, or a filter such as --source or --since.")
    else:
        _carry_out(args, Selection(jobs=wanted, dag_id=args.to, version=args.version))


@suppress_logs_and_warning
@providers_configuration_loaded
def release(args: Namespace) -> None:
    """Let held events go to a Dag that a person names.

    :raises SystemExit: no events are held under this name, or nobody said yes.
    """
    require_database()
    with autocommit() as connection, Session(connection) as session:
        kinds = held.kinds(session, limit=KINDS)
    named = [kind for kind in kinds if kind.candidates[:1] == (args.name,)]
    if not named:
        names = ", ".join(f"`{kind.candidates[0]}`" for kind in kinds[:10] if kind.candidates)
        raise SystemExit(
            f"No events are held for `{args.name}`; {f'for {names}' if names else 'none are at all'}."
        )
    for kind in named:
        _carry_out(args, Selection(held=kind.candidates, dag_id=args.to or args.name, version=args.version))


def _carry_out(args: Namespace, wanted: Selection) -> None:
    if not 1 <= args.rate <= MAX_RATE:
        raise SystemExit(f"--rate takes 1 to {MAX_RATE}.")
    data = _data(args)
    dags = EventDags()
    try:
        with autocommit() as connection, Session(connection) as session:
            selected = select_items(session, dags, wanted, Rights())
            _require_fit(session, dags, selected, data)
    except Unselectable as error:
        raise SystemExit(str(error)) from None
    _show(selected)
    if args.dry_run or not selected.items:
        return
    if not args.yes and input("Start? [y/N] ").strip().lower() not in ("y", "yes"):
        raise SystemExit("Nothing was started.")
    now = datetime.now(UTC)
    with Session(engine()) as session, session.begin():
        options = {"rate": args.rate, "user": getpass.getuser()}
        planned = store.plan(session, wanted, selected, data=data, now=now, **options)
        number = planned.seq
        store.start(session, number, planned.total, now)
    print(f"Replay {number} has started.", flush=True)
    if not args.no_wait:
        _watch(number)


def _show(selected: Selected) -> None:
    for dag_id, count in sorted(selected.by_dag().items()):
        print(f"{count} to the Dag `{dag_id}`")
    for count, what in (
        (selected.without_dag, "events that no Dag takes; name one with --to"),
        (selected.other, "jobs that are no run of an event"),
    ):
        if count:
            print(f"{count} left out: {what}")
    if not selected.items:
        print("There is nothing to replay.")


def _watch(number: int) -> None:
    try:
        moved, done = time.monotonic(), -1
        while (replay := _read(number)).state == RUNNING:
            if replay.done + replay.gone != done:
                moved, done = time.monotonic(), replay.done + replay.gone
                print(f"{done} of {replay.total}", flush=True)
            elif time.monotonic() - moved > PATIENCE:
                moved = time.monotonic()
                print("Nothing moves: does an api-server or `airflow hookline worker` run?", file=sys.stderr)
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        _cancel(number)
        return
    gone = f"; {replay.gone} were removed meanwhile" if replay.gone else ""
    print(f"Replay {number} is {replay.state}: {replay.done} of {replay.total}{gone}.")


def _read(number: int) -> Replay:
    with autocommit() as connection, Session(connection) as session:
        found = store.get(session, number)
        if found is None:
            raise SystemExit(f"There is no replay {number}.")
        return found


def _cancel(number: int) -> None:
    try:
        with Session(engine()) as session, session.begin():
            replay = store.cancel(session, number, datetime.now(UTC))
            print(f"Replay {number} is cancelled after {replay.done} of {replay.total}.")
    except store.Wrong as error:
        raise SystemExit(str(error)) from None


def _data(args: Namespace) -> str | None:
    file = getattr(args, "data", None)
    if file is None:
        return None
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return edited.written(json.loads(text))
    except (OSError, ValueError) as error:
        raise SystemExit(f"--data: {error}") from None


def _require_fit(session: Session, dags: EventDags, selected: Selected, data: str | None) -> None:
    if data is None:
        return
    if len({item.event for item in selected.items}) > 1:
        raise SystemExit("--data takes the place of one event's data; this is more than one event.")
    errors = edited.wrong(session, dags, selected.by_dag(), json.loads(data))
    if errors:
        listed = "\n".join(f"  {error.pointer or 'the data'} {error.message}" for error in errors)
        raise SystemExit(f"The data do not fit the Dag's schema:\n{listed}")


def _number(event_id: str, source: str | None) -> int:
    with autocommit() as connection:
        rows = [row for row in inbox.by_id(connection, event_id) if source in (None, row.source)]
    if not rows:
        raise SystemExit(f"No event `{event_id}`. `airflow hookline events list` shows the newest ones.")
    if len(rows) > 1:
        raise SystemExit(f"{len(rows)} sources have an event `{event_id}`; name one with --source.")
    return int(rows[0].seq)


def _fields(args: Namespace) -> dict[str, Any]:
    return {
        "source": args.source,
        "event_type": args.type,
        "state": args.state,
        "dag_id": args.dag_id,
        "since": _moment("--since", args.since),
        "until": _moment("--until", args.until),
        "text": args.text,
    }


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found: Any = datetime.fromisoformat(text)
    except ValueError:
        raise SystemExit(f"{option} takes a time such as 2026-09-21T12:00:00+02:00.") from None
    aware: datetime = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC)
