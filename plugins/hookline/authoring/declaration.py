"""Making a function an event Dag."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jinja2
from airflow.sdk import Param, dag

from hookline.authoring import routing
from hookline.authoring.event import MissingEvent
from hookline.authoring.guard import guard
from hookline.exceptions import ConfigurationError
from hookline.protocol import batching
from hookline.protocol import order as member_order
from hookline.protocol.mark import KEY, TAG
from hookline.protocol.schema import ANYTHING

if TYPE_CHECKING:
    from airflow.sdk import DAG

_OF_PARAM = frozenset({"default", "description", "source", "schema", "self"})


def event_dag(
    name: str | None = None,
    *,
    schema: Mapping[str, Any] | None = None,
    sample: Any = None,
    tags: Iterable[str] = (),
    params: Mapping[str, Any] | None = None,
    default_args: Mapping[str, Any] | None = None,
    template_undefined: type[jinja2.StrictUndefined] | None = None,
    dag_id: str | None = None,
    also: bool = False,
    source: str | None = None,
    types: Iterable[str] | None = None,
    when: str | None = None,
    batch: int | None = None,
    within: timedelta | None = None,
    debounce: timedelta | None = None,
    order: str | None = None,
    key: str | None = None,
    **kwargs: Any,
) -> Callable[[Callable[..., Any]], Callable[..., DAG]]:
    """Make a function an event Dag: it runs for the event of its name, or for those that it subscribes to.

    Used like ``airflow.sdk.dag``: decorate the function, then call it.

    :param name: the event's dag id, e.g. ``github.push``, or the tree path of a platform event, e.g.
        ``Users > Created``, see :mod:`hookline.protocol.tree`. With ``source`` any dag id, by default the
        function's name.
    :param schema: JSON Schema of the event's ``data``; the catalog's where it has the event.
    :param sample: what the Trigger form starts with; the catalog's where it has the event.
    :param params: further params of the Dag.
    :param also: other Dags may claim the event too, if all say so; this one under a ``dag_id`` of its own.
    :param source: run for events of this source instead of one name, see
        :class:`hookline.protocol.subscription.Subscription` for ``types`` and ``when``.
    :param batch: one run for so many events, or for those of ``within`` after the first.
    :param debounce: one run for the last event when its ``key`` has been quiet for so long; ``within`` is the
        longest wait, by default ten times that.
    :param order: one run at a time for events with the same value of this JMESPath, e.g. ``subject``.
    :param key: JMESPath over the event: batches and quiet times are those of its values.
    :param kwargs: anything ``airflow.sdk.dag`` takes.
    :raises NamingError: no event can have this name, with the nearest one.
    :raises ConfigurationError: the options do not go together, or one is out of range.
    """
    if name is None:
        return _called_as_its_function({**locals(), **kwargs})
    named, mark = routing.read(
        name,
        dag_id=dag_id,
        also=also,
        source=source,
        types=types,
        when=when,
        batch=batch,
        within=within,
        debounce=debounce,
        order=order,
        key=key,
    )
    known = named.known
    if schema is None:
        schema = known.schema if known else ANYTHING
    if sample is None:
        sample = known.sample if known else {}
    if routing.is_batch(mark):
        sample = batching.sample(sample)
    make = dag(
        dag_id=mark.dag_id,
        params={
            "data": Param(
                sample,
                schema.get("description"),
                schema=routing.of_data(mark, _without_own(member_order.noted(schema))),
            ),
            **(params or {}),
        },
        tags={TAG, *named.tags, *tags},
        template_undefined=template_undefined or MissingEvent,
        default_args={**(default_args or {}), KEY: mark.written()},
        **{"schedule": None, "dag_display_name": named.display_name, **kwargs},
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        factory = make(function)

        @functools.wraps(function)
        def build(*args: Any, **arguments: Any) -> DAG:
            built: DAG = factory(*args, **arguments)
            guard(built)
            return built

        return build

    return decorate


def _called_as_its_function(options: dict[str, Any]) -> Callable[[Callable[..., Any]], Callable[..., DAG]]:
    if options["source"] is None:
        raise ConfigurationError("Whose events? Write the name of an event, or source=….")
    options = {name: value for name, value in options.items() if name not in ("name", "kwargs")}
    return lambda function: event_dag(function.__name__, **options)(function)


def _without_own(schema: Mapping[str, Any]) -> dict[str, Any]:
    # Airflow reads a param back by passing the schema's keywords beside these, so no Dag may store them.
    return {key: value for key, value in schema.items() if key not in _OF_PARAM}
