"""Reading a source's Connection from wherever Airflow keeps it."""

from __future__ import annotations

from hookline import connections
from hookline.connections import find
from hookline.protocol.source import CONN_TYPE, Source, parse


def load(name: str) -> Source | None:
    """Return the source whose Connection is called ``name``; blocking.

    :returns: None when there is no such Connection, or it is of another type.
    :raises BackendUnavailable: a backend failed before one knew the Connection.
    :raises ConfigurationError: the Connection cannot be used as it is written.
    """
    connection = find(name)
    if connection is None or connection.conn_type != CONN_TYPE:
        return None
    return parse(name, connection.login, connection.password, connection.extra_dejson)


def listed() -> set[str]:
    """Return the names of the sources in the database and the environment; blocking.

    :raises SQLAlchemyError: the database is away.
    """
    return connections.listed(CONN_TYPE)
