"""Making a function an event Dag."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jinja2
from airflow.sdk import Param, dag

from hookline.authoring import naming
from hookline.authoring.event import MissingEvent
from hookline.authoring.guard import guard
from hookline.protocol import order, reference
from hookline.protocol.schema import ANYTHING

if TYPE_CHECKING:
    from airflow.sdk import DAG

MARKER = "hookline.event_dag"
"""Key in the Dag's ``default_args``; no operator's parameter can have this name, so it reaches none."""

_OF_PARAM = frozenset({"default", "description", "source", "schema", "self"})


def event_dag(
    name: str,
    *,
    schema: Mapping[str, Any] | None = None,
    sample: Any = None,
    tags: Iterable[str] = (),
    params: Mapping[str, Any] | None = None,
    default_args: Mapping[str, Any] | None = None,
    template_undefined: type[jinja2.StrictUndefined] | None = None,
    **kwargs: Any,
) -> Callable[[Callable[..., Any]], Callable[..., DAG]]:
    """Make a function an event Dag: it runs for the event of its name, and only such Dags do.

    Used like ``airflow.sdk.dag``: decorate the function, then call it.

    :param name: the event's dag id, e.g. ``github.push``, or the tree path of a platform event, e.g.
        ``Users > Created``, see :mod:`hookline.protocol.tree`.
    :param schema: JSON Schema of the event's ``data``; the catalog's where it has the event.
    :param sample: what the Trigger form starts with; the catalog's where it has the event.
    :param params: further params of the Dag.
    :param kwargs: anything ``airflow.sdk.dag`` takes.
    :raises NamingError: no event can have this name, with the nearest one.
    """
    named = naming.read(name)
    known = named.known
    if schema is None:
        schema = known.schema if known else ANYTHING
    if sample is None:
        sample = known.sample if known else {}
    make = dag(
        dag_id=named.dag_id,
        params={
            "data": Param(
                sample,
                schema.get("description"),
                schema=reference.accepting(_without_own(order.noted(schema))),
            ),
            **(params or {}),
        },
        tags={"event", *named.tags, *tags},
        template_undefined=template_undefined or MissingEvent,
        default_args={**(default_args or {}), MARKER: {"version": 1, "event": named.dag_id}},
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


def _without_own(schema: Mapping[str, Any]) -> dict[str, Any]:
    # Airflow reads a param back by passing the schema's keywords beside these, so no Dag may store them.
    return {key: value for key, value in schema.items() if key not in _OF_PARAM}
