"""Hookline's own small pools on Airflow's metadata database.

The api-server stands still when its pool runs dry (its event loop waits for a connection whose holder
waits for the loop), so Hookline takes none of its connections. What is synchronous is checked out on
threads only; the inbox writes through one asynchronous connection.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

POOL_SIZE = 8
SQLITE_BUSY_SECONDS = 30
_AWAY = ("08", "53", "57P")
"""Classes of SQLSTATE: connections, resources, a server that stops or starts (PostgreSQL, appendix A)."""


# A peer that vanished is noticed within a minute; by default the system waits for hours.
_LIBPQ = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


@cache
def engine() -> Engine:
    """Return this process's engine, made with the URL, arguments and hooks Airflow's own is made with."""
    from airflow import settings
    from airflow.configuration import conf
    from sqlalchemy import event

    connect_args: dict[str, Any] = {}
    if conf.has_option("database", "sql_alchemy_connect_args"):
        connect_args = dict(conf.getimport("database", "sql_alchemy_connect_args"))
    url = conf.get_mandatory_value("database", "sql_alchemy_conn")
    connect_args = {**_patience(url), **connect_args}
    # Overridable in airflow_local_settings.py: a deployment with token login needs no second place for it.
    made: Engine = settings.create_metadata_engine(
        url,
        connect_args=connect_args,
        engine_args={"pool_size": POOL_SIZE, "max_overflow": 0, "pool_recycle": 1800},
    )
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _sqlite_connect)
        event.listen(made, "begin", _sqlite_begin)
    return made


def async_engine() -> AsyncEngine:
    """Return a new asynchronous engine with one connection; whoever asks for it disposes of it."""
    from airflow import settings
    from airflow.configuration import conf
    from sqlalchemy import event

    connect_args: dict[str, Any] = {}
    if conf.has_option("database", "sql_alchemy_connect_args_async"):
        connect_args = dict(conf.getimport("database", "sql_alchemy_connect_args_async"))
    url = conf.get("database", "sql_alchemy_conn_async", fallback="")
    if not url:
        sync_url = conf.get_mandatory_value("database", "sql_alchemy_conn")
        url = settings._get_async_conn_uri_from_sync(sync_uri=sync_url)  # noqa: SLF001  as Airflow derives its own
    connect_args = {"timeout": SQLITE_BUSY_SECONDS if url.startswith("sqlite") else 10, **connect_args}
    made: AsyncEngine = settings.create_async_metadata_engine(
        url,
        connect_args=connect_args,
        engine_args={"pool_size": 1, "max_overflow": 0, "pool_recycle": 1800},
    )
    if made.dialect.name == "sqlite":
        event.listen(made.sync_engine, "connect", _sqlite_connect)
        event.listen(made.sync_engine, "begin", _sqlite_begin)
    return made


def autocommit() -> Connection:
    """Return a connection on which each statement is a transaction: one round trip instead of three."""
    return engine().connect().execution_options(isolation_level="AUTOCOMMIT")


def _patience(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"timeout": SQLITE_BUSY_SECONDS}
    return dict(_LIBPQ) if url.startswith("postgresql") else {}


def is_away(error: BaseException) -> bool:
    """Tell whether it is the database's state that an error is about, not what was to be written.

    asyncpg has no ``OperationalError``: PostgreSQL, recovering from a crash, refuses connections with one
    that only its SQLSTATE tells from a refused value.
    """
    from sqlalchemy.exc import DBAPIError, OperationalError

    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError)
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
    return isinstance(error, OperationalError) or error.connection_invalidated or state.startswith(_AWAY)


def dispose() -> None:
    """Close the synchronous pool; the next use makes a new one."""
    if engine.cache_info().currsize:
        engine().dispose()
        engine.cache_clear()


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late for savepoints and for reading before writing.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    # WAL's default loses the last commits in a power cut; an accepted event must survive one.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
