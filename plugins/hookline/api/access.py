"""What a caller may see and do, as Airflow's auth manager says.

An event is what its Dag run has as ``conf``: whoever may read the runs of a Dag sees its events. Events that
no Dag of Airflow took belong to their source, which is a Connection: who may read Connections sees them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    ConnectionDetails,
    DagAccessEntity,
    DagDetails,
)
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from sqlalchemy import and_, or_, select, true

from hookline.api.problems import forbidden

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    Column = ColumnElement[Any] | InstrumentedAttribute[Any]

RUNS = DagAccessEntity.RUN


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see.

    :param dags: ids of the Dags whose runs they may read.
    :param hidden: ids of all other Dags.
    :param sources: names of the sources whose Connections they may read; None when they may read all.
    """

    dags: frozenset[str]
    hidden: frozenset[str]
    sources: frozenset[str] | None

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden from them."""
        return self.sources is None and not self.hidden

    def of_dags(self, dag_id: Column, source: Column) -> ColumnElement[bool]:
        """Return the condition on rows that have a Dag, or only a source."""
        if self.sources is None:
            return or_(dag_id.is_(None), dag_id.not_in(self.hidden)) if self.hidden else true()
        taken = dag_id.in_(self.dags)
        if not self.sources:
            return taken
        known = self.dags | self.hidden
        return or_(taken, and_(source.in_(self.sources), or_(dag_id.is_(None), dag_id.not_in(known))))

    def sees(self, dag_id: str | None, source: str) -> bool:
        """Tell the same of one row."""
        if dag_id in self.dags:
            return True
        return dag_id not in self.hidden and self.sees_source(source)

    def sees_source(self, source: str) -> bool:
        """Tell whether the source's Connection may be read."""
        return self.sources is None or source in self.sources


def sight(user: BaseUser, session: Session) -> Sight:
    """Return what ``user`` may see; blocking.

    :raises Rejected: no runs of any Dag.
    """
    manager = get_auth_manager()
    if not manager.is_authorized_dag(method="GET", access_entity=RUNS, user=user):
        raise forbidden("You may not read Dag runs.")
    dags = frozenset(manager.get_authorized_dag_ids(user=user, method="GET", session=session))
    known = frozenset(session.scalars(select(DagModel.dag_id)))
    return Sight(dags, known - dags, _sources(user, session))


def _sources(user: BaseUser, session: Session) -> frozenset[str] | None:
    from airflow.configuration import conf

    manager = get_auth_manager()
    if not manager.is_authorized_connection(method="GET", user=user):
        return frozenset()
    if not conf.getboolean("core", "multi_team"):
        return None
    return frozenset(manager.get_authorized_connections(user=user, method="GET", session=session))


def require_connection(user: BaseUser, method: Any, name: str | None, session: Session) -> None:
    """Let nobody pass who has no such right to a Connection, or to Connections; blocking.

    :raises Rejected: they have not.
    """
    if not allows_connection(user, method, name, session):
        raise forbidden("This takes a right to Connections that you do not have.")


def allows_connection(user: BaseUser, method: Any, name: str | None, session: Session) -> bool:
    """Tell whether ``user`` has such a right to a Connection, or to Connections; blocking."""
    team = Connection.get_team_name(name, session=session) if name and _multi_team() else None
    details = ConnectionDetails(conn_id=name, team_name=team) if name else None
    return get_auth_manager().is_authorized_connection(method=method, details=details, user=user)


def require_trigger(user: BaseUser, dag_id: str | None, session: Session) -> None:
    """Let nobody pass who may not trigger a Dag, or any; blocking.

    :raises Rejected: they may not.
    """
    manager = get_auth_manager()
    if dag_id is None:
        allowed = manager.is_authorized_dag(method="POST", access_entity=RUNS, user=user) or bool(
            may_run(user, manager.get_authorized_dag_ids(user=user, method="GET", session=session), session)
        )
    else:
        allowed = bool(may_run(user, [dag_id], session))
    if not allowed:
        raise forbidden("You may not trigger this Dag." if dag_id else "You may not trigger any Dag.")


def may_run(user: BaseUser, dag_ids: Iterable[str], session: Session) -> frozenset[str]:
    """Return those of the Dags that ``user`` may trigger; blocking."""
    wanted = list(dag_ids)
    manager = get_auth_manager()
    teams = DagModel.get_dag_id_to_team_name_mapping(wanted, session=session) if _multi_team() else {}
    return frozenset(
        name
        for name in wanted
        if manager.is_authorized_dag(
            method="POST",
            access_entity=RUNS,
            details=DagDetails(id=name, team_name=teams.get(name)),
            user=user,
        )
    )


def require_edit(user: BaseUser, dag_id: str | None, session: Session) -> None:
    """Let nobody pass who may not change a Dag, such as pause it, or any; blocking.

    :raises Rejected: they may not.
    """
    details = None
    if dag_id is not None:
        teams = DagModel.get_dag_id_to_team_name_mapping([dag_id], session=session) if _multi_team() else {}
        details = DagDetails(id=dag_id, team_name=teams.get(dag_id))
    if not get_auth_manager().is_authorized_dag(method="PUT", details=details, user=user):
        raise forbidden("You may not change this Dag." if dag_id else "You may not change Dags.")


def _multi_team() -> bool:
    from airflow.configuration import conf

    return conf.getboolean("core", "multi_team")
