"""Events that are known: one JSON file each, with schema, sample and the page that describes it.

A file is called like the event's dag id, with ``any`` in place of slugs, and has the fields of
:class:`KnownEvent`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hookline.exceptions import NamingError
from hookline.protocol import tree

_HERE = Path(__file__).parent
_EVENTS = _HERE / "events"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """One entry of the catalog.

    :param name: the event's dag id.
    :param title: for people.
    :param documentation: the page that describes the event.
    :param source: name of the source that usually sends it.
    :param event_path: what follows ``/hooks/in/{source}/``.
    :param extra: the least extra of the source's Connection with which the event has this dag id.
    :param headers: what the sender's request has beside its signature.
    :param schema: JSON Schema of the event's ``data``; what real events always have, and no more.
    :param sample: realistic ``data``.
    :param content_type: how the sender writes the body: JSON or a form.
    """

    name: str
    title: str
    documentation: str
    source: str
    event_path: str
    extra: dict[str, Any]
    headers: dict[str, str]
    schema: dict[str, Any]
    sample: Any
    content_type: str = field(default="application/json")

    def body(self, data: Any) -> bytes:
        """Return data as the sender writes it."""
        if self.content_type == FORM:
            return urlencode(data).encode("ascii")
        return json.dumps(data).encode("utf-8")


def find(name: str) -> KnownEvent | None:
    """Return the entry of a dag id or a tree path, or None.

    A platform event is found whatever its slugs, unless its dag id may as well be that of another source.
    """
    is_path = tree.SEPARATOR in name
    try:
        place = tree.parse(name) if is_path else tree.find(name)
    except NamingError:
        return None
    if place is not None and (is_path or place.certain):
        return of_platform(place)
    return _load(name) if name in names() else None


def of_platform(place: tree.Place) -> KnownEvent | None:
    """Return the entry of a platform event, with the event's own name and path."""
    if place.pattern not in names():
        return None
    known = _load(place.pattern)
    path = zip(place.segments, known.event_path.split("/"), strict=True)
    return replace(
        known,
        name=place.dag_id,
        event_path="/".join(usual if segment is None else quote(segment, safe="") for segment, usual in path),
    )


@cache
def names() -> frozenset[str]:
    """Return the dag ids of all entries."""
    return frozenset(file.stem for file in _EVENTS.glob("*.json"))


@cache
def _load(name: str) -> KnownEvent:
    return KnownEvent(**json.loads((_EVENTS / f"{name}.json").read_text(encoding="utf-8")))
