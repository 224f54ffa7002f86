"""The ASGI application behind ``/hooks/in/{source}``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.inbox.group_commit import GroupCommit, Overloaded
from hookline.ingress.answer import send_json, send_problem, send_reply
from hookline.ingress.documents import Documents
from hookline.ingress.refusals import Refusals
from hookline.ingress.request import Disconnected, Receive, Scope, Send, Stream, address, check_head, read
from hookline.ingress.sources import Sources
from hookline.protocol import intake
from hookline.protocol.message import Message
from hookline.protocol.problem import TIMED_OUT, UNAVAILABLE, Rejected
from hookline.protocol.source import Source

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request.

    :param body_bytes: of the body, where the source sets no smaller one.
    :param seconds: for the request to arrive.
    """

    body_bytes: int
    seconds: float


@dataclass(slots=True)
class _Seen:
    """How far a request came before it was refused."""

    source: Source | None = None
    message: Message | None = None


class Ingress:
    """Verifies, stores and answers; a 2xx is sent after the event is committed, never before."""

    def __init__(
        self, sources: Sources, documents: Documents, inbox: GroupCommit, limits: Limits, refusals: Refusals
    ) -> None:
        self._sources = sources
        self._documents = documents
        self._inbox = inbox
        self._limits = limits
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3.0)."""
        if scope["type"] != "http":
            return
        stream = Stream(receive)
        seen = _Seen()
        with suppress(Disconnected):
            try:
                await self._handle(scope, stream, send, seen)
            except Rejected as rejected:
                name, _ = address(scope)
                log.info("refused", source=name[:100], problem=rejected.problem.slug, reason=rejected.reason)
                self._refusals.add(rejected, scope, name, seen.source, seen.message)
                if rejected.problem is not TIMED_OUT:
                    await stream.discard()
                await send_problem(send, rejected, close=not stream.complete)

    async def _handle(self, scope: Scope, stream: Stream, send: Send, seen: _Seen) -> None:
        check_head(scope)
        name, event_path = address(scope)
        source = seen.source = await self._sources.get(name)
        if scope["method"] not in source.takes:
            source.require_method(scope["method"])
        message = seen.message = await read(
            scope,
            stream,
            event_path=event_path,
            max_bytes=min(source.max_body_bytes or self._limits.body_bytes, self._limits.body_bytes),
            seconds=self._limits.seconds,
        )
        event = intake.take(await self._documents.informed(source, message), message)
        if isinstance(event, intake.Handshake):
            await self._greet(event, send)
            return
        new = await self._store(event)
        await send_json(
            send,
            202 if new else 200,
            {"event_id": event.event_id, "status": "accepted", "duplicate": not new},
        )

    async def _greet(self, handshake: intake.Handshake, send: Send) -> None:
        if handshake.reply is None:
            await send_json(send, 200, {"status": "ok", "event": handshake.event_type})
        else:
            await send_reply(send, handshake.reply)

    async def _store(self, event: intake.Accepted) -> bool:
        try:
            return await self._inbox.store(event)
        except Overloaded:
            raise _unavailable("Too much is waiting to be stored.") from None
        except TimeoutError:
            # It may be committed yet: the sender's next attempt then is a duplicate, and harmless.
            raise _unavailable("The database takes too long.") from None
        except (SQLAlchemyError, ValueError, OSError) as error:
            log.warning(
                "event not stored", source=event.source, event_id=event.event_id, error=type(error).__name__
            )
            raise _unavailable(f"The database raised {type(error).__name__}.") from None


def _unavailable(reason: str) -> Rejected:
    return Rejected(
        UNAVAILABLE,
        "The event was not stored; send it again.",
        reason=reason,
        headers={"Retry-After": "5"},
    )
