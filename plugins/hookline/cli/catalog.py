"""``airflow hookline catalog``: the events that are known, and a sample of each."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from typing import Any

import yaml
from airflow.cli.simple_table import AirflowConsole
from airflow.utils.cli import suppress_logs_and_warning

from hookline import catalog
from hookline.authoring import naming
from hookline.catalog import KnownEvent
from hookline.exceptions import NamingError
from hookline.protocol import tree


@suppress_logs_and_warning
def list_events(args: Namespace) -> None:
    """Print the known events.

    :raises SystemExit: none is of this source.
    """
    events = [event for name in sorted(catalog.names()) if (event := catalog.find(name)) is not None]
    if args.source:
        sources = sorted({event.source for event in events})
        events = [event for event in events if event.source == args.source]
        if not events:
            raise SystemExit(f"No event of `{args.source}` is known; sources are {', '.join(sources)}.")
    AirflowConsole().print_as(data=events, output=args.output, mapper=_summary)


@suppress_logs_and_warning
def show(args: Namespace) -> None:
    """Print one event, or its sample alone as JSON.

    :raises SystemExit: it is not known; with the nearest one.
    """
    event = _find(args.name)
    if args.sample:
        print(json.dumps(event.sample, indent=2, ensure_ascii=False))
    elif args.output == "json":
        print(json.dumps(_whole(event), indent=2, ensure_ascii=False))
    elif args.output == "yaml":
        print(yaml.safe_dump(_whole(event), sort_keys=False, allow_unicode=True), end="")
    else:
        rows = [
            {
                "field": name,
                "value": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
            }
            for name, value in _whole(event).items()
        ]
        AirflowConsole().print_as(data=rows, output=args.output)


def _find(name: str) -> KnownEvent:
    try:
        place = tree.parse(name) if tree.SEPARATOR in name else tree.find(name)
    except NamingError as error:
        if tree.SEPARATOR in name:
            raise SystemExit(str(error)) from None
        place = None
    # What may be a form of the platform is one where the catalog knows nothing else of that name.
    event = catalog.find(name) or (catalog.of_platform(place) if place else None)
    if event is None:
        likely = naming.near(name.lower())
        hint = f"did you mean `{likely}`?" if likely else "`airflow hookline catalog list` shows what it has."
        raise SystemExit(f"The catalog does not know `{name}`; {hint}")
    return event


def _summary(event: KnownEvent) -> dict[str, Any]:
    place = tree.find(event.name)
    return {
        "event": event.name,
        "tree_path": place.path if place is not None and place.certain else "",
        "title": event.title,
        "source": event.source,
        "documentation": event.documentation,
    }


def _whole(event: KnownEvent) -> dict[str, Any]:
    return {
        **_summary(event),
        "url": f"/hooks/in/{event.source}/{event.event_path}".rstrip("/"),
        **asdict(event),
    }
