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

from hookline.cli import caused, replay_definition, sent
from hookline.cli.step_webhooks_definition import step_webhooks
from hookline.http.body import BODY_TYPES

if TYPE_CHECKING:
    from airflow.cli.cli_config import CLICommand

KINDS = ("events", "jobs", "deliveries", "replays", "refusals", "transitions")
STATES = ("pending", "dispatched", "held", "quarantined", "failed")

_EVENT = Arg(("event",), help="Event to send, named like its Dag, e.g. github.push, or by its tree path")
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

_NAME = Arg(("name",), help="The source's name; - shows requests to no source")
_REFUSALS = Arg(("--limit",), type=int, default=20, help="Newest refusals to show (default: 20)")

_KNOWN = Arg(("name",), help="The event's dag id, e.g. github.push, or tree path, e.g. 'Users > Created'")
_OF_SOURCE = Arg(("--source",), help="Only events that this source usually sends")
_ONLY_SAMPLE = Arg(("--sample",), action="store_true", help="Print the sample alone, as JSON")

_CONNECTED = Arg(("conn_id",), help="Connection of type http_connector with auth_type oauth2")
_NO_WAIT = Arg(("--no-wait",), action="store_true", help="Print the link and end")
_CONN = Arg(("--conn-id",), help="Connection of type http_connector")
_METHOD = Arg(("--method",), help="HTTP method; by default GET, with --data POST")
_CALL_PATH = Arg(("--path",), help="Path below the Connection's base path")
_CALL_URL = Arg(("--url",), help="Whole address instead of a path")
_BODY = Arg(("--data",), metavar="JSON", help="Body; @FILE reads a file, - standard input")
_BODY_TYPE = Arg(
    ("--body-type",), choices=BODY_TYPES, default="json", help="How --data is sent (default: json)"
)
_HEADER = Arg(("--header",), action="append", metavar="NAME:VALUE", help="Header; may be repeated")
_QUERY = Arg(("--query",), action="append", metavar="NAME=VALUE", help="Query parameter; may be repeated")
_SAVE_TO = Arg(("--save-to",), help="Object storage path for the answer's body")
_KEY = Arg(("--idempotency-key",), help="Send this Idempotency-Key")
_DRY = Arg(("--dry-run",), action="store_true", help="Print the request, secrets masked, and send nothing")

_OLDER = Arg(("--older-than",), type=int, required=True, metavar="DAYS", help="What is older may go")
_TABLE = Arg(
    ("--table",), action="append", choices=KINDS, help="Only this one; may be repeated (default: all)"
)
_BATCH = Arg(("--batch-size",), type=int, default=1000, help="Rows of one transaction (default: 1000)")
_DRY_CLEAN = Arg(("--dry-run",), action="store_true", help="Count, and delete nothing")
_YES = Arg(("--yes", "-y"), action="store_true", help="Do not ask")
_HEALTH_PORT = Arg(("--health-port",), type=int, help="Answer probes on this port (default: none)")
_HEALTH_HOST = Arg(
    ("--health-host",),
    default="0.0.0.0",  # nosec B104  # noqa: S104
    help="Address on which to answer probes (default: all)",
)

_GATEWAY = (
    Arg(("--host",), default="0.0.0.0", help="Address to listen on (default: all)"),  # nosec B104  # noqa: S104
    Arg(("--port",), type=int, default=8085, help="Port to listen on (default: 8085)"),
    Arg(("--workers",), type=int, default=1, help="Processes (default: 1)"),
    Arg(("--loops",), action="store_true", help="Dispatch events and keep tokens as well"),
    Arg(
        ("--ssl-certfile",), metavar="FILE", help="Certificate and its chain, PEM; read again when it changes"
    ),
    Arg(("--ssl-keyfile",), metavar="FILE", help="Key, PEM, if it is not in the same file"),
    Arg(("--ssl-ca-certs",), metavar="FILE", help="Authorities of client certificates, PEM"),
    Arg(
        ("--ssl-cert-reqs",),
        choices=("none", "optional", "required"),
        help="Whether clients need a certificate (default: optional with --ssl-ca-certs)",
    ),
    Arg(
        ("--graceful-timeout",),
        type=int,
        default=30,
        help="Seconds to finish requests at the end (default: 30)",
    ),
    Arg(
        ("--shutdown-delay",),
        type=int,
        default=0,
        help="Seconds between telling probes and taking nothing new (default: 0)",
    ),
    Arg(("--keep-alive",), type=int, default=75, help="Seconds that an idle connection stays (default: 75)"),
    Arg(
        ("--header-timeout",),
        type=float,
        default=10.0,
        help="Seconds for the head of a request to arrive (default: 10)",
    ),
    Arg(
        ("--limit-concurrency",),
        type=int,
        default=4096,
        help="Connections of one process; who comes after is answered 503 (default: 4096)",
    ),
    Arg(
        ("--backlog",),
        type=int,
        default=2048,
        help="Connections that may wait to be accepted (default: 2048)",
    ),
)


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
            *replay_definition.of_events(_STATE, _BY_SOURCE),
        ),
    )
    sources = GroupCommand(
        name="sources",
        help="Who may send, and why requests were refused",
        subcommands=(
            ActionCommand(
                name="list",
                help="List the sources",
                func=lazy_load_command("hookline.cli.sources.list_sources"),
                args=(ARG_OUTPUT, ARG_VERBOSE),
            ),
            ActionCommand(
                name="show",
                help="Show one source and the newest requests that it refused",
                func=lazy_load_command("hookline.cli.sources.show"),
                args=(_NAME, _REFUSALS, ARG_VERBOSE),
            ),
        ),
    )
    catalog = GroupCommand(
        name="catalog",
        help="Events that are known, with schema and sample",
        subcommands=(
            ActionCommand(
                name="list",
                help="List the known events",
                func=lazy_load_command("hookline.cli.catalog.list_events"),
                args=(_OF_SOURCE, ARG_OUTPUT, ARG_VERBOSE),
            ),
            ActionCommand(
                name="show",
                help="Show one known event",
                func=lazy_load_command("hookline.cli.catalog.show"),
                args=(_KNOWN, _ONLY_SAMPLE, ARG_OUTPUT, ARG_VERBOSE),
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
                ActionCommand(
                    name="call",
                    help="Call an HTTP API with a Connection",
                    func=lazy_load_command("hookline.cli.call.call"),
                    args=(
                        _CONN,
                        _METHOD,
                        _CALL_PATH,
                        _CALL_URL,
                        _BODY,
                        _BODY_TYPE,
                        _HEADER,
                        _QUERY,
                        _SAVE_TO,
                        _KEY,
                        _DRY,
                        ARG_VERBOSE,
                    ),
                ),
                ActionCommand(
                    name="connect",
                    help="Start the consent of an OAuth 2.0 Connection",
                    func=lazy_load_command("hookline.cli.connect.connect"),
                    args=(_CONNECTED, _NO_WAIT, ARG_VERBOSE),
                ),
                sources,
                events,
                step_webhooks(),
                caused.get_group(),
                catalog,
                *sent.get_groups(),
                ActionCommand(
                    name="gateway",
                    help="Serve the public routes alone, for the internet side",
                    func=lazy_load_command("hookline.cli.gateway.gateway"),
                    args=(*_GATEWAY, ARG_VERBOSE),
                ),
                ActionCommand(
                    name="worker",
                    help="Dispatch events, keep tokens and deliver, without a web server",
                    func=lazy_load_command("hookline.cli.worker.worker"),
                    args=(_HEALTH_HOST, _HEALTH_PORT, ARG_VERBOSE),
                ),
                ActionCommand(
                    name="clean",
                    help="Delete what is old and over; what is pending stays",
                    func=lazy_load_command("hookline.cli.clean.clean"),
                    args=(_OLDER, _TABLE, _BATCH, _DRY_CLEAN, _YES, ARG_VERBOSE),
                ),
                ActionCommand(
                    name="doctor",
                    help="What is set up, what is missing, what to do",
                    func=lazy_load_command("hookline.cli.doctor.doctor"),
                    args=(ARG_OUTPUT, ARG_VERBOSE),
                ),
            ),
        )
    ]
