"""Which Dag takes each known event, by its name, a claim, as a catch-all or by a subscription."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from hookline import catalog
from hookline.connections import BackendUnavailable
from hookline.dispatch import takers
from hookline.exceptions import ConfigurationError
from hookline.ingress.connections import load

if TYPE_CHECKING:
    from hookline.protocol.mark import Mark

MANY = 100
"""Sources whose Connections one page reads."""


class EventTaker(BaseModel):
    """A Dag that takes an event."""

    dag_id: str
    how: Literal["name", "claim", "catch-all", "subscription"]
    source: str | None
    """Whose events, for a catch-all and a subscription."""
    when: str | None
    """The condition of a subscription, which only an event can fulfil."""
    paused: bool


class Taking:
    """What the Dags take that somebody may see.

    :param dags: rows of Airflow's table of Dags, by their ids.
    :param marks: of all event Dags.
    """

    def __init__(self, dags: Mapping[str, Any], marks: Mapping[str, Mark]) -> None:
        self._dags = dags
        self._marks = {name: mark for name, mark in sorted(marks.items()) if name in dags}
        sources = sorted(takers.named(self._marks.values()))[:MANY]
        self._prefixes = {name: prefix for name in sources if (prefix := _prefix(name)) is not None}

    def of(self, name: str) -> list[EventTaker]:
        """Return the Dags that take an event; none for a name that is a Dag's alone."""
        if self.said(name) is not None:
            return []
        return [
            EventTaker(
                dag_id=one.dag_id,
                how=one.how,
                source=one.source,
                when=one.when,
                paused=bool(self._dags[one.dag_id].is_paused),
            )
            for one in takers.of(name, self._marks.values(), self._prefixes)
        ]

    def said(self, dag_id: str) -> str | None:
        """Return what a Dag runs for; None where its id says it, or there is no such Dag."""
        mark = self._marks.get(dag_id)
        if mark is None:
            return None
        if mark.subscription is not None:
            types = ", ".join(f"`{one}`" for one in mark.subscription.types)
            condition = f" where `{mark.subscription.when}`" if mark.subscription.when else ""
            return f"Events {types} of `{mark.subscription.source}`{condition}"
        source = takers.catches(mark)
        if source in self._prefixes:
            return f"Every event of `{source}` that no other Dag claims"
        return f"The event `{mark.event}`" if mark.event != dag_id else None


def _prefix(source: str) -> str | None:
    """Return what a source's dag ids begin with; None where there is no such source, and none is known."""
    try:
        found = load(source)
    except (ConfigurationError, BackendUnavailable):
        found = None
    return found.dag_prefix if found is not None else _usual().get(source)


@cache
def _usual() -> dict[str, str]:
    known = filter(None, map(catalog.find, catalog.names()))
    return {one.source: str(one.extra.get("dag_prefix", one.source)) for one in known}
