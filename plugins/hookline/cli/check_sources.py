"""Doctor's look at the sources: every Connection of type ``webhook`` that can be listed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import select

from hookline.cli.finding import Finding, fail, ok, warn
from hookline.exceptions import ConfigurationError
from hookline.ingress.connections import BackendUnavailable, load
from hookline.protocol.source import CONN_TYPE

ENVIRONMENT = "AIRFLOW_CONN_"


def findings() -> Iterator[Finding]:
    """Yield one finding for each source; a secrets backend cannot be listed and is left out."""
    names = sorted(_in_database() | _in_environment())
    if not names:
        yield warn(
            "sources",
            "none in the database or the environment (a secrets backend cannot be listed)",
            "Make a Connection of type `webhook`; its id is the source's name.",
        )
    for name in names:
        yield _source(name)


def _source(name: str) -> Finding:
    subject = f"source {name}"
    try:
        source = load(name)
    except ConfigurationError as error:
        return fail(subject, f"closed: {error}", "Edit the Connection.")
    except BackendUnavailable as error:
        return fail(subject, f"cannot be read: {error}", "Check [secrets] backend.")
    if source is None:
        return warn(subject, "hidden by a Connection of another type", "Rename the other Connection.")
    if source.scheme.name == "none":
        return warn(subject, "open: whoever knows the URL may send", "Choose an `auth_type` the sender has.")
    return ok(subject, f"{source.scheme.name}, POST /hooks/in/{name}")


def _in_database() -> set[str]:
    with create_session() as session:
        return set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE)))


def _in_environment() -> set[str]:
    found = set()
    for key, value in os.environ.items():
        if key.startswith(ENVIRONMENT) and _conn_type(value) == CONN_TYPE:
            found.add(key.removeprefix(ENVIRONMENT).lower())
    return found


def _conn_type(value: str) -> str | None:
    if not value.lstrip().startswith("{"):
        return urlsplit(value).scheme
    try:
        return str(json.loads(value).get("conn_type"))
    except ValueError:
        return None
