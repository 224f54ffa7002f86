"""The name that an author gives an event Dag: a dag id or a tree path, checked when the Dag is parsed."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass, field

from hookline import catalog
from hookline.catalog import KnownEvent
from hookline.exceptions import DoubtfulName, NamingError
from hookline.protocol import platform, tree

_LIKELY = 0.8
_AUTHOR = 4
"""Frames up to who calls :func:`~hookline.authoring.event_dag`."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says.

    :param display_name: what people read.
    :param known: the catalog's entry, or None.
    """

    dag_id: str
    display_name: str
    known: KnownEvent | None = None
    tags: frozenset[str] = field(default_factory=frozenset)


def read(name: str) -> Named:
    """Return what a name says.

    Of a name that an event may have, but hardly has, a :class:`DoubtfulName` warns.

    :raises NamingError: no event has it; with the nearest name that one has.
    """
    if tree.SEPARATOR in name:
        return _of_platform(tree.parse(name))
    try:
        platform.check(name)
    except NamingError as error:
        likely = near(name.lower())
        raise NamingError(f"{error} Did you mean `{likely}`?" if likely else str(error)) from None
    tree.require(name)
    place = tree.find(name)
    if place is not None and place.certain:
        return _of_platform(place)
    known = catalog.find(name)
    if known is not None:
        return Named(name, name, known, frozenset({known.source}))
    likely = near(name)
    if likely is not None:
        warnings.warn(
            f"No known event is called `{name}`; did you mean `{likely}`?", DoubtfulName, stacklevel=_AUTHOR
        )
    return Named(name, name)


def near(name: str) -> str | None:
    """Return the known event that a name is nearly, or None."""
    of_source = [known for known in sorted(catalog.names()) if known.startswith(f"{name.partition('.')[0]}.")]
    found = difflib.get_close_matches(name, of_source, n=1, cutoff=_LIKELY)
    return found[0] if found else tree.near(name)


def _of_platform(place: tree.Place) -> Named:
    return Named(place.dag_id, place.title, catalog.of_platform(place), frozenset({place.group}))
