"""The schemas that Dags declare for their events, for those who check at the door."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from hookline.database import autocommit
from hookline.dispatch.dags import Found, choose

if TYPE_CHECKING:
    from hookline.dispatch.dags import EventDags

Candidates = tuple[str, ...]


def load(dags: EventDags, wanted: Collection[Candidates]) -> dict[Candidates, tuple[str, dict[str, Any]]]:
    """Return for each list of candidates the Dag that would take the event now, and its schema; blocking.

    Lists that no Dag answers for are left out.

    :raises SQLAlchemyError: the database is away.
    """
    found: dict[Candidates, tuple[str, dict[str, Any]]] = {}
    with autocommit() as connection, Session(connection) as session:
        known = dags.look_up(session, {name for candidates in wanted for name in candidates})
        for candidates in wanted:
            target = choose(candidates, known)
            if isinstance(target, Found) and "data" in target.dag.params:
                found[candidates] = (target.dag.dag_id, _schema(target.dag.params.get_param("data")))
    return found


def _schema(param: Any) -> dict[str, Any]:
    # Airflow keeps a param's description beside its schema.
    schema = dict(param.schema)
    return schema | {"description": param.description} if param.description else schema
