"""Connections in Airflow's database, made and read over REST."""

from __future__ import annotations

import json
from typing import Any

from demo.stack import Stack


def create(stack: Stack, conn_id: str, extra: dict[str, Any], **fields: Any) -> None:
    """Make a Connection without the form."""
    value = {"connection_id": conn_id, "extra": json.dumps(extra), **fields}
    answer = stack.api("POST", "/connections", value)
    assert answer.status == 201, answer.body


def extra(stack: Stack, conn_id: str) -> dict[str, Any]:
    """Return the extra of a Connection as Airflow shows it, secrets as ``***``, without what is null."""
    found = json.loads(stack.api("GET", f"/connections/{conn_id}").json()["extra"])
    return {key: value for key, value in found.items() if value is not None}


def ids(stack: Stack) -> set[str]:
    """Return the ids of all Connections in the database."""
    found = stack.api("GET", "/connections?limit=100").json()["connections"]
    return {connection["connection_id"] for connection in found}


def delete(stack: Stack, conn_id: str) -> None:
    """Delete a Connection."""
    answer = stack.api("DELETE", f"/connections/{conn_id}")
    assert answer.status == 204, answer.body
