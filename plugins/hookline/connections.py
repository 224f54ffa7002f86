"""Reading a Connection on the server, from wherever Airflow keeps it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select

from hookline.exceptions import HooklineError

if TYPE_CHECKING:
    from airflow.models.connection import Connection


ENVIRONMENT = "AIRFLOW_CONN_"


class BackendUnavailable(HooklineError):
    """A secrets backend gave an error instead of an answer."""


def find(conn_id: str) -> Connection | None:
    """Return the Connection called ``conn_id``; blocking.

    Airflow's own ``Connection.get_connection_from_secrets`` reads an unreachable backend as "not there",
    which would make senders and tasks give up; so the backends are asked one by one.

    :raises BackendUnavailable: a backend failed before one knew the Connection.
    """
    from airflow.configuration import ensure_secrets_loaded

    for backend in ensure_secrets_loaded():
        try:
            connection: Connection | None = backend.get_connection(conn_id=conn_id)
            if connection is not None:
                # Read here: what cannot be decrypted or parsed raises when it is asked for.
                _ = (connection.login, connection.password, connection.extra_dejson)
        except Exception as error:  # backends raise whatever their client library raises
            raise BackendUnavailable(f"{type(backend).__name__} raised {type(error).__name__}.") from error
        if connection is not None:
            return connection
    return None


def listed(conn_type: str) -> set[str]:
    """Return the ids of all Connections of a type in the database and the environment; blocking.

    A secrets backend cannot be listed.

    :raises SQLAlchemyError: the database is away.
    """
    return _in_database(conn_type) | _in_environment(conn_type)


def _in_database(conn_type: str) -> set[str]:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        return set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == conn_type)))


def _in_environment(conn_type: str) -> set[str]:
    return {
        key.removeprefix(ENVIRONMENT).lower()
        for key, value in os.environ.items()
        if key.startswith(ENVIRONMENT) and _conn_type(value) == conn_type
    }


def _conn_type(value: str) -> str | None:
    try:
        return str(json.loads(value).get("conn_type")) if value.startswith("{") else urlsplit(value).scheme
    except ValueError:
        return None
