"""Collects refused requests for the person who asks why nothing arrives; bounded, and never waited for."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.database import engine
from hookline.inbox import refusals
from hookline.inbox.refusals import NO_SOURCE, Refused
from hookline.protocol import extent
from hookline.protocol.problem import CLOSED, Rejected

if TYPE_CHECKING:
    from hookline.ingress.request import Scope
    from hookline.protocol.message import Message
    from hookline.protocol.source import Source

log = structlog.get_logger(__name__)

MOST = 100
"""Refusals kept of each source."""
PAUSE = 1.0
KINDS_OF_SOURCE = 20
KINDS = 500
"""Different refusals that are collected between two writes; what is beyond is in the log only."""
REASON_CHARS = 2000
REQUEST_CHARS = 16_384
PATH_CHARS = 500
NAME_CHARS = 200
HIDDEN = "***"
SHOWN = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type"),
        *(
            "date",
            "expect",
            "host",
            "origin",
            "traceparent",
            "transfer-encoding",
            "user-agent",
            "x-request-id",
        ),
        *("ce-id", "ce-source", "ce-specversion", "ce-type", "x-forwarded-host", "x-forwarded-proto"),
        *("x-github-delivery", "x-github-event", "x-gitlab-event", "x-shopify-topic"),
    }
)
"""Header fields whose values are kept; no other is known to be no secret, wherever a sender put one."""


class Refusals:
    """Writes what was refused once a second; a flood of equal refusals is one row with its number.

    :param body_bytes: how much of a refused body is kept; 0 for nothing.
    """

    def __init__(self, body_bytes: int = 0) -> None:
        self._body_bytes = body_bytes
        self._waiting: dict[tuple[str, str, str], Refused] = {}
        self._of_source: dict[str, int] = {}
        self._some = asyncio.Event()

    def add(
        self,
        rejected: Rejected,
        scope: Scope,
        name: str,
        source: Source | None,
        message: Message | None,
        *,
        nobody: str = NO_SOURCE,
    ) -> None:
        """Remember a refusal.

        :param name: of the source that was asked for.
        :param source: None if it was refused before the source was known.
        :param message: None if it was refused before it was read.
        :param nobody: where it is kept if it is of no source.
        """
        # A closed source is somebody's; any other name may be a stranger's invention.
        of_source = name if source is not None or rejected.problem is CLOSED else nobody
        reason = _printable(rejected.reason[:REASON_CHARS])
        key = (of_source, rejected.problem.slug, reason)
        if before := self._waiting.get(key):
            before.times += 1
            return
        if len(self._waiting) >= KINDS or self._of_source.get(of_source, 0) >= KINDS_OF_SOURCE:
            return
        self._of_source[of_source] = self._of_source.get(of_source, 0) + 1
        self._waiting[key] = Refused(
            source=of_source,
            refused_at=datetime.now(UTC),
            problem=rejected.problem.slug,
            status=rejected.problem.status,
            reason=reason,
            client=str((scope.get("client") or ("",))[0])[:64],
            request=self._request(scope, source, message),
        )
        self._some.set()

    async def run(self) -> None:
        """Write until cancelled; then what waits is written before this ends."""
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(PAUSE)
                await self._write()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await self._write()

    async def _write(self) -> None:
        self._some.clear()
        if not self._waiting:
            return
        rows = list(self._waiting.values())
        self._waiting.clear()
        self._of_source.clear()
        try:
            await asyncio.to_thread(_keep, rows)
        except (SQLAlchemyError, ValueError) as error:
            log.warning("refusals not kept", refusals=len(rows), error=type(error).__name__)

    def _request(self, scope: Scope, source: Source | None, message: Message | None) -> str:
        path = (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
        head = {"method": scope["method"], "path": path[:PATH_CHARS]}
        if message is None or source is None:
            return json.dumps(head)
        shown = {
            **head,
            "headers": {
                name[:NAME_CHARS]: value if name in SHOWN and name not in source.verifier.reads else HIDDEN
                for name, value in message.headers.items()
            },
            # What has no value may be a value itself.
            "query": {name[:NAME_CHARS] if value else HIDDEN: HIDDEN for name, value in message.query},
            "body_bytes": extent.size(message.content),
        }
        if self._body_bytes:
            beginning = next(iter(message.pieces()), b"")  # of a large body the first 64 KiB
            shown["body"] = beginning[: self._body_bytes].decode("utf-8", "replace")
        text = json.dumps(shown)
        return text if len(text) <= REQUEST_CHARS else json.dumps(head)


def _keep(rows: list[Refused]) -> None:
    with engine().begin() as connection:
        refusals.keep(connection, rows, MOST)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
