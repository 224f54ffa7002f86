"""Events that are known: one JSON file each, with schema, sample and the vendor's page.

A file has ``name`` (the dag id), ``title``, ``documentation``, ``method``, ``event_path``, ``headers`` that
say the type, ``schema`` (JSON Schema of the data) and ``sample``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """One entry of the catalog.

    :param name: the event's dag id.
    :param title: for people.
    :param documentation: the page that describes the event.
    :param source: name of the source that usually sends it.
    :param event_path: what follows ``/hooks/in/{source}/``.
    :param headers: what the sender's request has beside its signature.
    """

    name: str
    title: str
    documentation: str
    source: str
    event_path: str
    headers: dict[str, str]
    schema: dict[str, Any]
    sample: Any


@cache
def find(name: str) -> KnownEvent | None:
    """Return the entry of a dag id, or None."""
    file = _HERE / f"{name}.json"
    if name not in names():
        return None
    return KnownEvent(**json.loads(file.read_text(encoding="utf-8")))


@cache
def names() -> frozenset[str]:
    """Return the dag ids of all entries."""
    return frozenset(file.stem for file in _HERE.glob("*.json"))
