"""The loop that has tokens ready: ahead of their end, and when one was rejected."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.http.target import Target
from hookline.tokens import provider, rotation, store
from hookline.tokens.connection import connect_again, load, other_key
from hookline.tokens.grant import Grant, ProviderError
from hookline.tokens.models import READY, UNREADABLE

log = structlog.get_logger(__name__)

LEASE = 120.0
"""Seconds after which another replica may refresh instead; longer than a provider is waited for."""
LEAST_BETWEEN = timedelta(seconds=5)
"""Between two refreshes that rejected tokens ask for."""
KEEP_PAUSES = (0.2, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts to store what a provider gave, while the database does not answer."""
DUE_EVERY = 15.0
ENCRYPT_EVERY = 3600.0
AT_ONCE = 32
"""Connections that are refreshed at the same time: providers that hang leave room for the others."""
STOP_SECONDS = 10.0
"""How long the end of the process waits for refreshes that have begun."""
QUIET_FACTOR = 2.5
BUSY_SECONDS = 60.0


def _newer(kept: store.Kept | None, rejected: str) -> bool:
    """Tell whether somebody saw an older token than is kept, or none."""
    return kept is not None and kept.state == READY and kept.fingerprint != rejected


class Keeper:
    """Keeps the tokens of all OAuth 2.0 Connections, together with the keepers of other processes.

    :param poll: seconds between looks for rejected tokens; longer while there are none for a while.
    """

    def __init__(self, poll: float) -> None:
        self._poll = poll
        self._owner = uuid.uuid4().hex
        self._next_due = 0.0
        self._wanted_until = 0.0
        self._next_encryption = 0.0
        self._busy: set[str] = set()
        self._idle = threading.Condition()
        self._looking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-tokens")

    async def run(self) -> None:
        """Look and refresh until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                with contextlib.suppress(SQLAlchemyError):
                    for conn_id, rejected in (
                        await loop.run_in_executor(self._looking, self._wanted)
                    ).items():
                        self._begin(conn_id, rejected)
                quiet = time.monotonic() > self._wanted_until
                await asyncio.sleep(self._poll * QUIET_FACTOR if quiet else self._poll)
        finally:
            # A refresh that has begun is stored, or a rotated refresh token would be lost.
            await loop.run_in_executor(self._looking, self._finish)
            self._looking.shutdown(wait=False)

    def _begin(self, conn_id: str, rejected: str) -> None:
        with self._idle:
            if conn_id in self._busy or len(self._busy) >= AT_ONCE:
                return  # it is seen again at the next look
            self._busy.add(conn_id)
        # Not on a pool: Python waits for its threads at exit, however long a provider hangs.
        threading.Thread(
            target=self._serve, args=(conn_id, rejected), name=f"hookline-token-{conn_id}", daemon=True
        ).start()

    def _finish(self) -> None:
        with self._idle:
            if not self._idle.wait_for(lambda: not self._busy, STOP_SECONDS):
                log.warning(
                    "providers do not answer, their refreshes are given up", conn_ids=sorted(self._busy)
                )

    def _wanted(self) -> dict[str, str]:
        wanted: dict[str, str] = {}
        if time.monotonic() >= self._next_encryption:
            self._next_encryption = time.monotonic() + ENCRYPT_EVERY
            rotation.encrypt_again()
        if time.monotonic() >= self._next_due:
            self._next_due = time.monotonic() + DUE_EVERY
            wanted = store.due()
        demands = store.demands()
        if demands:
            self._wanted_until = time.monotonic() + BUSY_SECONDS
        return {**wanted, **demands}

    def _serve(self, conn_id: str, rejected: str) -> None:
        try:
            if self._must_refresh(conn_id, rejected):
                self.refresh(conn_id, rejected)
        except Exception as error:  # the loop outlives whatever one Connection raises
            expected = isinstance(error, SQLAlchemyError | BackendUnavailable)
            log.warning("refresh failed", conn_id=conn_id, error=type(error).__name__, exc_info=not expected)
        finally:
            with self._idle:
                self._busy.discard(conn_id)
                self._idle.notify_all()

    def _must_refresh(self, conn_id: str, rejected: str) -> bool:
        kept = store.read(conn_id)
        if kept is None:
            return True
        if _newer(kept, rejected):
            store.show_again(conn_id)
            return False
        return kept.refreshed_at is None or datetime.now(UTC) - kept.refreshed_at >= LEAST_BETWEEN

    def refresh(self, conn_id: str, rejected: str | None = None, *, at_once: bool = False) -> None:
        """Get a token for a Connection, unless somebody else is at it.

        :param rejected: fingerprint of the token that is wanted no more; None for any.
        :param at_once: also during the pause after a failure.
        :raises BackendUnavailable: a secrets backend does not answer; nothing is changed.
        """
        try:
            target = load(conn_id)
        except ConfigurationError as error:
            # Nothing is kept for names that are none: strangers' Variables leave no rows.
            log.warning(
                "a token is wanted for what is no OAuth 2.0 Connection", conn_id=conn_id, reason=str(error)
            )
            store.forget_demand(conn_id)
            return
        if not store.claim(conn_id, self._owner, LEASE, at_once=at_once):
            return
        before = store.read(conn_id)
        if rejected is not None and _newer(before, rejected):
            store.release(conn_id, self._owner)  # somebody else was done in between
            return
        if target.grant != "client_credentials" and before is not None and before.state == UNREADABLE:
            log.warning("tokens are encrypted with another fernet_key", conn_id=conn_id)
            store.fail(conn_id, other_key(conn_id), tell=True)
            return
        try:
            grant = self._grant(target, before)
        except ProviderError as error:
            self._failed(conn_id, target, before, error)
            return
        self._keep(conn_id, grant)
        log.info("token refreshed", conn_id=conn_id)

    @staticmethod
    def _keep(conn_id: str, grant: Grant) -> None:
        # A refresh token that was rotated is nowhere but here until it is stored.
        for pause in KEEP_PAUSES:
            with contextlib.suppress(SQLAlchemyError):
                store.keep(conn_id, grant)
                return
            time.sleep(pause)
        store.keep(conn_id, grant)

    @staticmethod
    def _grant(target: Target, before: store.Kept | None) -> Grant:
        if target.grant == "client_credentials":
            return provider.client_credentials(target)
        if before is None or not before.refresh_token:
            raise ProviderError("there is no refresh token", "invalid_grant")
        return provider.refresh(target, before.refresh_token)

    @staticmethod
    def _failed(conn_id: str, target: Target, before: store.Kept | None, error: ProviderError) -> None:
        log.warning("the provider gave no token", conn_id=conn_id, reason=str(error))
        if not error.needs_consent or target.grant == "client_credentials":
            store.fail(conn_id, str(error))
            return
        now_kept = store.read(conn_id)
        if now_kept is not None and before is not None and now_kept.fingerprint != before.fingerprint:
            store.show_again(conn_id)  # another consent or replica was quicker
            return
        store.refuse(conn_id, connect_again(conn_id, str(error)))
