"""The ready access token of a Connection, and how to ask the server for another one.

The server keeps it in the companion Connection ``{conn_id}__token``. Whoever is refused with it sets the
Variable ``hookline_refresh__{conn_id}`` to its fingerprint and reads the companion again until it changes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from hookline.exceptions import ConfigurationError
from hookline.hooks.target import mask
from hookline.http.companion import COMPANION, NONE, REFRESH, fingerprint

if TYPE_CHECKING:
    from airflow.sdk import Connection

BOUND = 45.0
"""Seconds to wait for the server."""
PAUSE = 0.5


@dataclass(frozen=True)
class Token:
    """An access token.

    :param problem: why there is none, and who has to do what.
    :param refreshed_at: when the provider gave it, as the server writes it.
    """

    value: str = field(default="", repr=False)
    problem: str = ""
    refreshed_at: str = ""


def ready(conn_id: str) -> Token | None:
    """Return the token the server keeps, None if there is none yet."""
    try:
        return _of(BaseHook.get_connection(COMPANION.format(conn_id)))
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None


async def aready(conn_id: str) -> Token | None:
    """Return what :func:`ready` does, on the event loop."""
    try:
        return _of(await BaseHook.aget_connection(COMPANION.format(conn_id)))
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None


def fresh(conn_id: str, rejected: str | None) -> Token:
    """Wait for a token other than ``rejected``.

    :raises ConfigurationError: the Connection has to be connected again, the provider gives the same token
        again, or the server does not answer.
    """
    wanted = _Wanted(conn_id, rejected)
    for asking in _attempts():
        found = wanted.usable(ready(conn_id))
        if found is not None:
            return found
        if asking:
            Variable.set(REFRESH.format(conn_id), _rejected(rejected))
        time.sleep(PAUSE)
    raise _late(conn_id)


async def afresh(conn_id: str, rejected: str | None) -> Token:
    """Wait as :func:`fresh` does, on the event loop."""
    wanted = _Wanted(conn_id, rejected)
    for asking in _attempts():
        found = wanted.usable(await aready(conn_id))
        if found is not None:
            return found
        if asking:
            await asyncio.to_thread(Variable.set, REFRESH.format(conn_id), _rejected(rejected))
        await asyncio.sleep(PAUSE)
    raise _late(conn_id)


def _attempts() -> Iterator[bool]:
    # Whether to ask: at first, since the server forgets a request once it is served.
    deadline = time.monotonic() + BOUND
    yield True
    while time.monotonic() < deadline:
        yield False


class _Wanted:
    """Another token than the rejected one; sees when the provider was asked and gave no other."""

    def __init__(self, conn_id: str, rejected: str | None) -> None:
        self._conn_id = conn_id
        self._rejected = rejected
        self._first_seen: str | None = None

    def usable(self, token: Token | None) -> Token | None:
        if token is not None and token.value and token.value != self._rejected:
            return token
        if token is not None and token.problem:
            raise ConfigurationError(token.problem)
        refreshed_at = "" if token is None else token.refreshed_at
        if self._first_seen is None:
            self._first_seen = refreshed_at
        if refreshed_at != self._first_seen and token is not None and token.value:
            raise ConfigurationError(
                f"the provider gave Connection `{self._conn_id}` the same access token again, and the API "
                "refuses it; check scope and audience of the Connection, and what its client may do"
            )
        return None


def _rejected(token: str | None) -> str:
    return NONE if not token else fingerprint(token)


def _late(conn_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"no new access token for Connection `{conn_id}` within {BOUND:.0f} s; check that an api-server or "
        "Hookline worker runs the loops ([hookline] run_loops), and `airflow hookline doctor`"
    )


def _of(connection: Connection) -> Token:
    extra = json.loads(connection.extra or "{}")
    mask([connection.password or ""])
    return Token(
        connection.password or "", str(extra.get("problem") or ""), str(extra.get("refreshed_at") or "")
    )
