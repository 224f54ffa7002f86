"""The schemas that Dags declare for their events, for those who check at the door."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from hookline.database import autocommit
from hookline.dispatch import targets
from hookline.protocol import batching

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags, Found

Candidates = tuple[str, ...]


def load(dags: EventDags, wanted: Collection[Candidates]) -> dict[Candidates, tuple[str, dict[str, Any]]]:
    """Return for each list of candidates the Dag that would take the event now, and its schema; blocking.

    Lists that no Dag answers for are left out. Subscribers and further Dags do not shut the door.

    :raises SQLAlchemyError: the database is away.
    """
    found: dict[Candidates, tuple[str, dict[str, Any]]] = {}
    with autocommit() as connection, Session(connection) as session:
        dags.refresh(session)
        known = dags.look_up(session, targets.interesting(dags.marks, wanted, ()))
        for candidates in wanted:
            target = targets.first(candidates, known, dags.marks)
            if target is not None and "data" in target.dag.params:
                found[candidates] = (target.dag.dag_id, of_one_event(target))
    return found


def of_one_event(target: Found) -> dict[str, Any]:
    """Return the schema that one event's data have to fit; the Dag has the param ``data``."""
    param = target.dag.params.get_param("data")
    gathering = target.mark.gathering
    schema = dict(batching.schema_of_data(param.schema) if gathering and gathering.is_batch else param.schema)
    # Airflow keeps a param's description beside its schema.
    return schema | {"description": param.description} if param.description else schema
