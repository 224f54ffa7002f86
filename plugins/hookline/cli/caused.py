"""Declares ``airflow hookline jobs``; each command is imported when it runs."""

from __future__ import annotations

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ActionCommand,
    Arg,
    GroupCommand,
    lazy_load_command,
)

from hookline.cli import replay_definition
from hookline.cli.sent import moment

STATES = ("pending", "held", "gathering", "done", "refused", "failed", "cancelled")
KINDS = ("run", "wake", "asset", "manual")

_NUMBER = Arg(("number",), type=int, help="The job's running number")
SOURCE = Arg(("--source",), help="Only jobs of this source's events")
STATE = Arg(("--state",), choices=STATES, help="Only jobs in this state")
_FILTER = (
    SOURCE,
    Arg(("--type",), help="Only jobs of events of this type"),
    STATE,
    Arg(("--dag",), metavar="DAG_ID", help="Only jobs of this Dag"),
    Arg(("--kind",), choices=KINDS, help="Only jobs of this kind"),
    Arg(("--since",), type=moment, metavar="TIME", help="Only jobs written at this time or later"),
    Arg(("--until",), type=moment, metavar="TIME", help="Only jobs written before this time"),
    Arg(("--text",), help="Only jobs with this text in the event, its id, the run id or the reason"),
)
_LIMIT = Arg(("--limit",), type=int, default=25, help="Newest jobs to show (default: 25)")
_BEFORE = Arg(("--before",), type=int, metavar="NUMBER", help="Go on where the page before ended")


def get_group() -> GroupCommand:
    """Return the group."""
    return GroupCommand(
        name="jobs",
        help="What events caused: Dag runs, woken tasks, asset events",
        subcommands=(
            ActionCommand(
                name="list",
                help="List the newest jobs",
                func=lazy_load_command("hookline.cli.jobs.list_jobs"),
                args=(*_FILTER, _LIMIT, _BEFORE, ARG_OUTPUT, ARG_VERBOSE),
            ),
            ActionCommand(
                name="show",
                help="Show one job with its event",
                func=lazy_load_command("hookline.cli.jobs.show"),
                args=(_NUMBER, ARG_VERBOSE),
            ),
            replay_definition.of_jobs(STATE, SOURCE),
        ),
    )
