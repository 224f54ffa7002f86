"""``airflow hookline doctor``: each finding says what is so and what to do about it."""

from __future__ import annotations

from argparse import Namespace

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from rich.markup import escape

from hookline.cli import (
    check_components,
    check_deliveries,
    check_events,
    check_protection,
    check_settings,
    check_sources,
    check_tokens,
)
from hookline.cli.finding import Level
from hookline.health import database_state


@suppress_logs_and_warning
@providers_configuration_loaded
def doctor(args: Namespace) -> None:
    """Print all findings.

    :raises SystemExit: 1 if something keeps events from being received or dispatched.
    """
    findings = [*check_settings.findings()]
    if database_state() == "ok":
        for part in (
            check_components,
            check_sources,
            check_protection,
            check_events,
            check_deliveries,
            check_tokens,
        ):
            findings += part.findings()
    rows = [finding.as_row() for finding in findings]
    if args.output == "table":  # where [section] would read as a colour
        rows = [{name: escape(text) for name, text in row.items()} for row in rows]
    AirflowConsole().print_as(data=rows, output=args.output)
    if any(finding.level is Level.FAIL for finding in findings):
        raise SystemExit(1)
