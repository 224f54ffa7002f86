"""Reading a source's Connection from wherever Airflow keeps it."""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit

from sqlalchemy import select

from hookline.connections import find
from hookline.protocol.source import CONN_TYPE, Source, parse

ENVIRONMENT = "AIRFLOW_CONN_"


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

    A secrets backend cannot be listed.

    :raises SQLAlchemyError: the database is away.
    """
    return _in_database() | _in_environment()


def _in_database() -> set[str]:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        return set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE)))


def _in_environment() -> set[str]:
    found = set()
    for key, value in os.environ.items():
        if key.startswith(ENVIRONMENT) and _conn_type(value) == CONN_TYPE:
            found.add(key.removeprefix(ENVIRONMENT).lower())
    return found


def _conn_type(value: str) -> str | None:
    try:
        return str(json.loads(value).get("conn_type")) if value.startswith("{") else urlsplit(value).scheme
    except ValueError:
        return None
