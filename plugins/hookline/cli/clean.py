"""``airflow hookline clean``: deletes what is old and over."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import timedelta

from airflow.sdk import timezone
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.health import require_database
from hookline.retention.rules import RULES
from hookline.retention.sweep import sweep

MAX_DAYS = 36_500
MAX_BATCH = 10_000


@suppress_logs_and_warning
@providers_configuration_loaded
def clean(args: Namespace) -> None:
    """Delete, or count with ``--dry-run``; what is pending or held stays whatever its age.

    :raises SystemExit: a value is out of range, or nobody said yes.
    """
    if not 1 <= args.older_than <= MAX_DAYS:
        raise SystemExit(f"--older-than takes 1 to {MAX_DAYS} days.")
    if not 1 <= args.batch_size <= MAX_BATCH:
        raise SystemExit(f"--batch-size takes 1 to {MAX_BATCH}.")
    require_database()
    names = [name for name in RULES if not args.table or name in args.table]
    before = timezone.utcnow() - timedelta(days=args.older_than)
    if not args.dry_run and not args.yes:
        _ask(names, args.older_than)
    for name in names:
        gone = sum(sweep(RULES[name], before, args.batch_size, dry=args.dry_run))
        print(f"{name}: {gone} {'would be deleted' if args.dry_run else 'deleted'}", flush=True)


def _ask(names: list[str], days: int) -> None:
    if not sys.stdin.isatty():
        raise SystemExit("Nobody is here to ask: say --yes, or --dry-run to see what would be deleted.")
    answer = input(f"Delete what is older than {days} days and over from {', '.join(names)}? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise SystemExit("Nothing was deleted.")
