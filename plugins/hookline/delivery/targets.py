"""Targets of deliveries, from Connections wherever Airflow keeps them; looked up on threads, kept shortly."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog

from hookline import config
from hookline.connections import find
from hookline.exceptions import ConfigurationError
from hookline.http.companion import COMPANION, NONE, REFRESH, fingerprint
from hookline.http.connection import target_of
from hookline.http.target import Target, anonymous, opened
from hookline.outbox.message import Endpoint

log = structlog.get_logger(__name__)

DEFAULT_AUTH = "standard_webhooks"
"""Of a Connection that names no ``auth_type``."""
KEEP_SECONDS = 10.0
MOST = 2000
LIMITS = {"client_secret": (250, 250), "basic": (100, 100)}
"""Most characters of login and password."""

_Key = tuple[str | None, str | None, str | None]


class Targets:
    """Finds the target of an endpoint.

    :param timeout: bounds the Connection's own, in seconds.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hookline-targets")
        self._known: OrderedDict[_Key, tuple[float, asyncio.Future[Target]]] = OrderedDict()

    async def get(self, endpoint: Endpoint) -> Target:
        """Return the target.

        :raises ConfigurationError: there is no such Connection, or it cannot be used as it is.
        :raises BackendUnavailable: a secrets backend does not answer.
        """
        return await asyncio.shield(self.begin(endpoint))

    def begin(self, endpoint: Endpoint) -> asyncio.Future[Target]:
        """Return the target that is known, or is being looked up."""
        key = (endpoint.conn_id, endpoint.auth, endpoint.url)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        loading = asyncio.get_running_loop().run_in_executor(self._threads, self._load, endpoint)
        loading.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen by who asks
        self._known[key] = (time.monotonic() + KEEP_SECONDS, loading)
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return loading

    async def refused(self, endpoint: Endpoint, target: Target) -> None:
        """Ask the server's keeper for another access token (see :mod:`hookline.http.companion`)."""
        self._known.pop((endpoint.conn_id, endpoint.auth, endpoint.url), None)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, _demand, str(endpoint.conn_id), target.access_token)
        except Exception:  # the next attempt asks again; what was answered is recorded
            log.exception("no other token can be asked for", conn_id=endpoint.conn_id)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _load(self, endpoint: Endpoint) -> Target:
        target = load(endpoint)
        return replace(
            target,
            timeout=min(target.timeout, self._timeout),
            connect_timeout=min(target.connect_timeout, self._timeout),
            max_redirects=0,
        )


def load(endpoint: Endpoint) -> Target:
    """Return the target of an endpoint; blocking.

    :raises ConfigurationError, BackendUnavailable: see :meth:`Targets.get`.
    """
    networks = config.get_text("allowed_networks")
    if endpoint.conn_id is None:
        return opened(anonymous(str(endpoint.url)), networks)
    connection = find(endpoint.conn_id)
    if connection is None:
        raise ConfigurationError(
            f"there is no Connection `{endpoint.conn_id}`; create it, or correct conn_id"
        )
    default = endpoint.auth or DEFAULT_AUTH
    target = target_of(endpoint.conn_id, connection, networks, default_auth=default)
    if endpoint.auth is not None and target.auth_type != endpoint.auth:
        raise ConfigurationError(
            f"the step webhook wants auth {endpoint.auth}, and the Connection `{endpoint.conn_id}` has "
            f"auth_type {target.auth_type}; make them agree"
        )
    for length, value in zip(LIMITS.get(target.auth_type, ()), (target.login, target.password), strict=False):
        if len(value) > length:
            raise ConfigurationError(
                f"login or password of the Connection `{endpoint.conn_id}` is longer than the {length} "
                f"characters that {target.auth_type} takes here"
            )
    if target.auth_type == "oauth2":
        target = with_token(endpoint.conn_id, target)
    return target


def with_token(conn_id: str, target: Target) -> Target:
    """Return an OAuth 2.0 target with the token that is ready for it; blocking.

    :raises ConfigurationError: there is none; where nobody has to consent, one is asked for.
    :raises BackendUnavailable: a secrets backend does not answer.
    """
    companion = find(COMPANION.format(conn_id))
    if companion is not None and companion.password:
        return replace(target, access_token=companion.password)
    if target.access_token:
        return target
    problem = companion is not None and json.loads(companion.extra or "{}").get("problem")
    if not problem:
        _demand(conn_id, "")
    raise ConfigurationError(
        str(problem or f"there is no access token for the Connection `{conn_id}` yet; one is asked for")
    )


def _demand(conn_id: str, rejected: str) -> None:
    from airflow.models.variable import Variable

    Variable.set(REFRESH.format(conn_id), fingerprint(rejected) if rejected else NONE)
