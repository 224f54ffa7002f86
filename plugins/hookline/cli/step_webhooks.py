"""``airflow hookline step-webhooks``: all of them, and those that are declared as YAML."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.delivery.dangers import dangers
from hookline.exceptions import ConfigurationError
from hookline.health import require_database
from hookline.observe import registry
from hookline.observe.registry import Listed
from hookline.steps import document
from hookline.steps.definition import StepWebhook


@suppress_logs_and_warning
@providers_configuration_loaded
def list_all(args: Namespace) -> None:
    """Print all step webhooks, whatever declares them."""
    require_database()
    with Session(engine()) as session:
        found = registry.listed(session)
    if not found and args.output == "table":
        print("No step webhooks. Declare one in a Dag: step_webhooks(task, StepWebhook(...))")
        return
    AirflowConsole().print_as(data=found, output=args.output, mapper=_row)


@suppress_logs_and_warning
@providers_configuration_loaded
def apply(args: Namespace) -> None:
    """Declare what a YAML file has: all of it, or nothing.

    :raises SystemExit: the file cannot be read, or something in it cannot be used.
    """
    require_database()
    try:
        text = sys.stdin.read(document.MAX_CHARS + 1) if args.file == "-" else _content(args.file)
        entries = document.read(text)
        now = datetime.now(UTC)
        with Session(engine()) as session, session.begin():
            for entry in entries:
                registry.put(
                    session,
                    entry.webhook,
                    entry.dag_id,
                    entry.step,
                    origin=registry.YAML,
                    author=getpass.getuser(),
                    now=now,
                )
    except ConfigurationError as error:
        raise SystemExit(f"Nothing is changed: {error}.") from None
    for warning in _warnings(entry.webhook for entry in entries):
        print(f"Warning: {warning}", file=sys.stderr)
    print(f"{len(entries)} step webhooks applied.")


@suppress_logs_and_warning
@providers_configuration_loaded
def enable(args: Namespace) -> None:
    """Let webhooks be sent."""
    _change(args.name, "enabled", lambda session, now: registry.enable(session, args.name, now, enabled=True))


@suppress_logs_and_warning
@providers_configuration_loaded
def disable(args: Namespace) -> None:
    """Let webhooks be sent no more."""
    _change(
        args.name, "disabled", lambda session, now: registry.enable(session, args.name, now, enabled=False)
    )


@suppress_logs_and_warning
@providers_configuration_loaded
def remove(args: Namespace) -> None:
    """Forget a webhook."""
    _change(args.name, "deleted", lambda session, _now: registry.remove(session, args.name))


def _change(name: str, what: str, change: Any) -> None:
    require_database()
    try:
        with Session(engine()) as session, session.begin():
            change(session, datetime.now(UTC))
    except ConfigurationError as error:
        raise SystemExit(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    print(f"Step webhook `{name}` is {what}.")


def _content(name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(document.MAX_CHARS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from None


def _row(one: Listed) -> dict[str, Any]:
    webhook = one.webhook
    return {
        "name": one.name,
        "origin": one.origin,
        "dag": one.dag_id,
        "steps": ", ".join(one.steps),
        "on": ", ".join(webhook.triggers) if webhook else "",
        "to": (webhook.url or f"{webhook.conn_id} {webhook.path}".strip()) if webhook else "",
        "enabled": str(one.enabled).lower(),
        "problem": one.problem or (webhook and dangers(webhook)) or "",
    }


def _warnings(webhooks: Iterable[StepWebhook]) -> list[str]:
    found = [(webhook.name, dangers(webhook)) for webhook in webhooks]
    return [f"step webhook `{name}`: {danger}" for name, danger in found if danger]
