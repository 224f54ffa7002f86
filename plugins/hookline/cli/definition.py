"""Declares the commands below ``airflow hookline``; each is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ActionCommand,
    Arg,
    GroupCommand,
    lazy_load_command,
)

if TYPE_CHECKING:
    from airflow.cli.cli_config import CLICommand

STATES = ("pending", "dispatched", "held", "quarantined")

_EVENT = Arg(("event",), help="Event to send, named like its Dag, e.g. github.push")
_SAMPLE = Arg(("--sample",), action="store_true", help="Send the catalog's sample as data")
_DATA = Arg(("--data",), metavar="FILE", help="Send this JSON file as data; - reads standard input")
_SOURCE = Arg(("--source",), help="Source to send as; by default the one that usually sends the event")
_PATH = Arg(("--path",), help="Event path after /hooks/in/{source}/; by default the catalog's")
_URL = Arg(("--url",), help="Base URL to send to; by default [api] base_url")
_DELIVERY = Arg(("--delivery-id",), help="Delivery id; by default a new one")
_STATE = Arg(("--state",), choices=STATES, help="Only events in this state")
_BY_SOURCE = Arg(("--source",), help="Only events of this source")
_LIMIT = Arg(("--limit",), type=int, default=25, help="Newest events to show (default: 25)")
_ID = Arg(("event_id",), help="The event's id, as the answer to the sender gave it")


def get_hookline_cli_commands() -> list[CLICommand]:
    """Return the ``hookline`` group (provider info ``cli``)."""
    events = GroupCommand(
        name="events",
        help="What arrived, and what became of it",
        subcommands=(
            ActionCommand(
                name="list",
                help="List the newest events",
                func=lazy_load_command("hookline.cli.events.list_events"),
                args=(_STATE, _BY_SOURCE, _LIMIT, ARG_OUTPUT, ARG_VERBOSE),
            ),
            ActionCommand(
                name="show",
                help="Show one event with its data",
                func=lazy_load_command("hookline.cli.events.show"),
                args=(_ID, ARG_VERBOSE),
            ),
        ),
    )
    return [
        GroupCommand(
            name="hookline",
            help="Webhooks in, HTTP calls out",
            subcommands=(
                ActionCommand(
                    name="send",
                    help="Send an event as its source would, signed",
                    func=lazy_load_command("hookline.cli.send.send"),
                    args=(_EVENT, _SAMPLE, _DATA, _SOURCE, _PATH, _URL, _DELIVERY, ARG_VERBOSE),
                ),
                events,
                ActionCommand(
                    name="doctor",
                    help="What is set up, what is missing, what to do",
                    func=lazy_load_command("hookline.cli.doctor.doctor"),
                    args=(ARG_OUTPUT, ARG_VERBOSE),
                ),
            ),
        )
    ]
