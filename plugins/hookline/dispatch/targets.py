"""Which Dags an event is for: those that claim its name, and those that subscribe to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hookline.dispatch.dags import Found, Known, NotFound

if TYPE_CHECKING:
    from hookline.dispatch.marks import Marks

Target = tuple[str, Found | NotFound]
"""A dag id, and the Dag or why it cannot run."""


def interesting(marks: Marks, candidates: Iterable[Sequence[str]], sources: Iterable[str]) -> set[str]:
    """Return the ids of all Dags that these events may be for."""
    names = {name for names in candidates for name in names}
    claiming = {dag_id for name in names for dag_id in marks.claiming(name)}
    return names | claiming | {mark.dag_id for source in set(sources) for mark in marks.subscribed(source)}


def named(candidates: Sequence[str], known: Known, marks: Marks) -> list[Target] | NotFound:
    """Return the Dags that claim the best of the names that any Dag claims.

    One that cannot run now is waited for; a Dag that is no event Dag does not stand in the way.
    """
    refused = []
    for name in candidates:
        entries = {dag_id: known[dag_id] for dag_id in (name, *marks.claiming(name)) if dag_id in known}
        claiming: list[Target] = []
        for dag_id, entry in entries.items():
            if isinstance(entry, Found) and entry.mark.event != name:
                continue
            if isinstance(entry, NotFound) and not entry.final:
                refused.append(entry.reason)
                continue
            claiming.append((dag_id, entry))
        if claiming:
            conflict = _conflict(name, [entry for _, entry in claiming if isinstance(entry, Found)])
            return [(dag_id, conflict or entry) for dag_id, entry in claiming]
    return NotFound(
        " ".join(refused) or f"No event Dag is called {' or '.join(f'`{n}`' for n in candidates)}."
    )


def subscribed(
    source: str, event_type: str, event: Callable[[], Mapping[str, Any]], known: Known, marks: Marks
) -> list[Target]:
    """Return the Dags that subscribe to an event.

    :param event: gives the event as Dags see it.
    """
    found: list[Target] = []
    for mark in marks.subscribed(source):
        entry = known.get(mark.dag_id)
        # The newest version decides, which the list of marks may not have yet.
        current = entry.mark if isinstance(entry, Found) else mark
        wanted = current.subscription
        if entry is None or wanted is None or wanted.source != source:
            continue
        if wanted.matches(event_type, event()):
            found.append((mark.dag_id, entry))
    return found


def first(candidates: Sequence[str], known: Known, marks: Marks) -> Found | None:
    """Return the Dag that answers for an event: the first that claims it and can run, paused or not."""
    targets = named(candidates, known, marks)
    entries = [] if isinstance(targets, NotFound) else [entry for _, entry in targets]
    return next((entry for entry in entries if isinstance(entry, Found)), None)


def conflicts(known: Known, marks: Marks) -> list[str]:
    """Return for each event that Dags claim which do not all say ``also=True`` who they are."""
    events = {mark.event for mark in marks.of_all().values() if mark.event is not None}
    claiming = {event: (event, *marks.claiming(event)) for event in sorted(events)}
    found = {
        event: [entry for name in names if isinstance(entry := known.get(name), Found)]
        for event, names in claiming.items()
    }
    wrong = (
        _conflict(event, [entry for entry in entries if entry.mark.event == event])
        for event, entries in found.items()
        if len(entries) > 1
    )
    return [one.reason for one in wrong if one is not None]


def _conflict(name: str, claiming: Sequence[Found]) -> NotFound | None:
    if len(claiming) < 2 or all(entry.mark.also for entry in claiming):
        return None
    who = " and ".join(f"`{entry.dag_id}` in {entry.file}" for entry in claiming)
    return NotFound(f"{who} claim the event `{name}`: let each say also=True, or remove one.")
