"""Declares ``airflow hookline deliveries`` and ``endpoints``; each command is imported when it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ActionCommand,
    Arg,
    GroupCommand,
    lazy_load_command,
)

DELIVERY_STATES = ("pending", "delivered", "dead", "held", "cancelled")
ENDPOINT_STATES = ("closed", "open", "half_open", "disabled")


def moment(text: str) -> datetime:
    """Read a time as ISO 8601; one without a timezone is UTC.

    :raises ValueError: it is none.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_ID = Arg(("delivery_id",), help="The delivery's id, msg_…")
_ONE = Arg(
    ("delivery_id",), nargs="?", help="The delivery's id, msg_…; without it, all that the filter finds"
)
_KEY = Arg(("endpoint",), help="Name of the endpoint, as `endpoints list` shows it")
_REASON = Arg(("--reason",), help="Shown beside the state")
_ENDPOINT_STATE = Arg(("--state",), choices=ENDPOINT_STATES, help="Only endpoints in this state")
_DRY = Arg(("--dry-run",), action="store_true", help="Say how many, and do nothing")
_BEFORE = Arg(("--before",), type=int, metavar="SEQ", help="Go on where the page before ended")
_LIMIT = Arg(("--limit",), type=int, default=25, help="Newest deliveries to show (default: 25)")
_FILTER = (
    Arg(("--state",), choices=DELIVERY_STATES, help="Only deliveries in this state"),
    Arg(("--endpoint",), help="Only deliveries to this endpoint"),
    Arg(("--webhook",), help="Only deliveries of this step webhook"),
    Arg(("--dag-id",), help="Only deliveries of this Dag"),
    Arg(("--run-id",), help="Only deliveries of this run"),
    Arg(("--task-id",), help="Only deliveries of this task"),
    Arg(("--since",), type=moment, metavar="TIME", help="Only deliveries added at this time or later"),
    Arg(("--until",), type=moment, metavar="TIME", help="Only deliveries added before this time"),
)


def get_groups() -> tuple[GroupCommand, ...]:
    """Return both groups."""
    deliveries = (
        ("list", "List the newest deliveries", "list_deliveries", (*_FILTER, _LIMIT, _BEFORE, ARG_OUTPUT)),
        ("show", "Show one delivery with its message and attempts", "show", (_ID,)),
        ("replay", "Send deliveries again, with the same id", "replay", (_ONE, *_FILTER, _DRY)),
        ("cancel", "Take deliveries back that are not delivered yet", "cancel", (_ONE, *_FILTER, _DRY)),
    )
    endpoints = (
        ("list", "List the endpoints", "list_endpoints", (_ENDPOINT_STATE, ARG_OUTPUT)),
        ("enable", "Send to an endpoint again", "enable", (_KEY,)),
        ("disable", "Send nothing to an endpoint, and hold its deliveries", "disable", (_KEY, _REASON)),
    )
    return (
        _group("deliveries", "What step webhooks sent, and sending it again", deliveries),
        _group("endpoints", "Whether receivers are sent to, and why not", endpoints),
    )


def _group(
    name: str, purpose: str, commands: tuple[tuple[str, str, str, tuple[Arg, ...]], ...]
) -> GroupCommand:
    return GroupCommand(
        name=name,
        help=purpose,
        subcommands=tuple(
            ActionCommand(
                name=command,
                help=does,
                func=lazy_load_command(f"hookline.cli.{name}.{function}"),
                args=(*args, ARG_VERBOSE),
            )
            for command, does, function, args in commands
        ),
    )
