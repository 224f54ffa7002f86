"""Which Dags take an event that is known by its name, before one has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hookline.exceptions import NamingError
from hookline.protocol import naming
from hookline.protocol.mark import Mark

How = Literal["name", "claim", "catch-all", "subscription"]


@dataclass(frozen=True, slots=True)
class Taker:
    """One Dag that takes an event.

    :param how: by its own name, by a claim beside another name, as the catch-all of a source, or because it
        subscribes to one.
    :param source: whose events it takes, for the last two.
    :param when: the condition of a subscription, which only an event can fulfil.
    """

    dag_id: str
    how: How
    source: str | None = None
    when: str | None = None


def named(marks: Iterable[Mark]) -> set[str]:
    """Return the sources that these Dags may be the catch-alls of, or subscribe to."""
    found = {mark.subscription.source for mark in marks if mark.subscription is not None}
    return found | {source for mark in marks if (source := catches(mark)) is not None}


def catches(mark: Mark) -> str | None:
    """Return the name of the source whose catch-all a Dag would be; None where its name is an event's."""
    if mark.event is None or "." in mark.event:
        return None
    try:
        return naming.unescape(mark.event)
    except NamingError:
        return None


def of(name: str, marks: Iterable[Mark], prefixes: Mapping[str, str]) -> list[Taker]:
    """Return the Dags that take an event: those that claim its name, else the catch-alls; and subscribers.

    :param name: dag id of the event; `any` in it stands for slugs.
    :param prefixes: ``dag_prefix`` of each source that counts.
    """
    taking: list[Taker] = []
    catching: list[Taker] = []
    subscribing: list[Taker] = []
    for mark in marks:
        if mark.event == name:
            taking.append(Taker(mark.dag_id, "name" if mark.dag_id == name else "claim"))
            continue
        of_source = catches(mark)
        if of_source is not None and _type(name, prefixes.get(of_source)) is not None:
            catching.append(Taker(mark.dag_id, "catch-all", of_source))
        wanted = mark.subscription
        event_type = _type(name, prefixes.get(wanted.source)) if wanted is not None else None
        if wanted is not None and event_type is not None and wanted.takes(event_type):
            subscribing.append(Taker(mark.dag_id, "subscription", wanted.source, wanted.when))
    return (taking or catching) + subscribing


def _type(name: str, prefix: str | None) -> str | None:
    """Return an event's type as a source with this prefix has it; None where its events have other names."""
    if prefix is None or not (prefix == "" or name.startswith(f"{prefix}.")):
        return None
    try:
        segments = naming.split(name)
    except NamingError:
        return None
    return ".".join(naming.ANY if one is None else one for one in segments[1 if prefix else 0 :])
