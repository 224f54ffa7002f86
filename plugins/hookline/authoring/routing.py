"""Which events an author wants, and how: the options of ``event_dag`` become the Dag's mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypedDict, Unpack

from hookline.authoring import naming
from hookline.authoring.naming import Named
from hookline.exceptions import ConfigurationError
from hookline.protocol import batching, gathering, reference
from hookline.protocol.gathering import Gathering
from hookline.protocol.mark import Mark
from hookline.protocol.subscription import Subscription


class Routing(TypedDict, total=False):
    """The options; see :func:`hookline.authoring.event_dag`."""

    also: bool
    dag_id: str | None
    source: str | None
    types: Iterable[str] | None
    when: str | None
    batch: int | None
    within: timedelta | None
    debounce: timedelta | None
    order: str | None
    key: str | None


def read(name: str, **options: Unpack[Routing]) -> tuple[Named, Mark]:
    """Return what the name says, and the Dag's mark.

    :raises NamingError: no event can have this name.
    :raises ConfigurationError: the options do not go together, or one is out of range.
    """
    gathered = gathering.declared(
        batch=options.get("batch"),
        within=options.get("within"),
        debounce=options.get("debounce"),
        order=options.get("order"),
        key=options.get("key"),
    )
    if options.get("source") is not None:
        return _subscribing(name, gathered, options)
    if options.get("types") is not None or options.get("when") is not None:
        raise ConfigurationError("types and when need source=…: whose events they are about.")
    named = naming.read(name)
    also = bool(options.get("also"))
    dag_id = options.get("dag_id") or named.dag_id
    if dag_id != named.dag_id and not also:
        raise ConfigurationError(
            f"`{dag_id}` claims the event `{named.dag_id}` beside its own Dag: both have to say also=True."
        )
    return named, Mark(dag_id, event=named.dag_id, also=also, gathering=gathered)


def _subscribing(name: str, gathered: Gathering | None, options: Routing) -> tuple[Named, Mark]:
    if options.get("also"):
        raise ConfigurationError("A Dag with source=… stands beside all others; leave also out.")
    if options.get("dag_id") not in (None, name):
        raise ConfigurationError("A Dag with source=… has its name as dag id; leave dag_id out.")
    subscription = Subscription.declared(options["source"], options.get("types"), options.get("when"))
    return Named(name, name), Mark(name, subscription=subscription, gathering=gathered)


def of_data(mark: Mark, schema: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON Schema of a run's ``data``.

    :param schema: that of one event's.
    """
    one = reference.accepting(schema)
    return batching.schema(one) if is_batch(mark) else one


def is_batch(mark: Mark) -> bool:
    """Tell whether the Dag's runs take lists of events."""
    return mark.gathering is not None and mark.gathering.is_batch
