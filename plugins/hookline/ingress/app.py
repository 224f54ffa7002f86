"""The ASGI application behind ``/hooks/in/{source}``."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.inbox.group_commit import GroupCommit, Overloaded, Stored
from hookline.ingress.admission import Admission, client
from hookline.ingress.answer import send_json, send_problem, send_reply
from hookline.ingress.claim_check import ClaimCheck
from hookline.ingress.cors import readable
from hookline.ingress.documents import Documents
from hookline.ingress.door import Door
from hookline.ingress.refusals import Refusals
from hookline.ingress.reply import Replies
from hookline.ingress.request import Disconnected, Receive, Scope, Send, Stream, address, check_head, read
from hookline.ingress.sources import Sources
from hookline.ingress.spool import Disk, Spools
from hookline.metrics import meter
from hookline.protocol import intake
from hookline.protocol.bounds import Bounds
from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.message import Message
from hookline.protocol.problem import INTERNAL, TIMED_OUT, UNAVAILABLE, Rejected
from hookline.protocol.source import Source

log = structlog.get_logger(__name__)

QUICK_BYTES = 64 * 1024
MAYBE_STORED = (
    "The event may have been stored, or not; send it again. With the same delivery id that is harmless."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request.

    :param body_bytes: of the body, where the source sets no smaller one; at most 256 KiB without storage.
    :param seconds: for the request to arrive.
    :param storage: folder in object storage for what does not fit an event; empty where there is none.
    """

    body_bytes: int
    seconds: float
    storage: str = ""

    def of(self, source: Source, spools: Spools) -> Bounds:
        """Return what a request to ``source`` may take up."""
        limit = min(source.max_body_bytes or self.body_bytes, self.body_bytes)
        return Bounds(limit if self.storage else min(limit, INLINE_BYTES), self.storage, spools.new)


@dataclass(slots=True)
class _Seen:
    """How far a request came before it was refused."""

    source: Source | None = None
    message: Message | None = None
    began: float = field(default_factory=time.perf_counter)


class _Answer:
    """Sends, and remembers whether anything was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, event: MutableMapping[str, Any]) -> None:
        self.begun = True
        await self._send(event)


class Ingress:
    """Verifies, stores and answers; a 2xx is sent after the event is committed, never before."""

    def __init__(
        self,
        sources: Sources,
        documents: Documents,
        inbox: GroupCommit,
        limits: Limits,
        *,
        refusals: Refusals,
        admission: Admission,
        replies: Replies,
        door: Door,
    ) -> None:
        self._sources = sources
        self._documents = documents
        self._inbox = inbox
        self._limits = limits
        self._refusals = refusals
        self._admission = admission
        self._replies = replies
        self._door = door
        self._claims = ClaimCheck()
        self._disk = Disk()

    async def close(self) -> None:
        """End what goes on beside requests."""
        await self._claims.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3.0)."""
        if scope["type"] != "http":
            return
        stream = Stream(receive)
        seen, answer = _Seen(), _Answer(send)
        with suppress(Disconnected), Spools(self._disk) as spools:
            try:
                await self._handle(scope, stream, answer, seen, spools)
            except Rejected as rejected:
                name, _ = address(scope)
                log.info("refused", source=name[:100], problem=rejected.problem.slug, reason=rejected.reason)
                self._refusals.add(rejected, scope, name, seen.source, seen.message)
                problem = rejected.problem.slug.replace("-", "_")
                meter.count(f"hookline.refused.{problem}", seen.source.name if seen.source else "")
                if rejected.problem is not TIMED_OUT:
                    await stream.discard()
                await send_problem(readable(scope, send), rejected, close=not stream.complete)
            except Disconnected:
                raise
            except Exception:
                if answer.begun:
                    raise
                # The server would answer in plain text, without the headers of public answers.
                log.exception("request not handled", source=address(scope)[0][:100])
                failed = Rejected(INTERNAL, "Something unforeseen happened; send it again.")
                await send_problem(readable(scope, send), failed, close=True)

    async def _handle(self, scope: Scope, stream: Stream, send: Send, seen: _Seen, spools: Spools) -> None:
        check_head(scope)
        if self._admission.watchful:
            await self._admission.enter(scope)
        name, event_path = address(scope)
        source = seen.source = await self._sources.get(name, client(scope))
        if source.guard is not None:
            admitted = await self._admission.admit(source, scope, send)
            if admitted is None:
                return
            send = admitted
        if scope["method"] not in source.takes:
            source.require_method(scope["method"])
        bounds = self._limits.of(source, spools)
        message = seen.message = await read(
            scope, stream, event_path=event_path, bounds=bounds, seconds=self._limits.seconds
        )
        taken = await self._take(await self._documents.informed(source, message), message, bounds)
        if isinstance(taken, intake.Handshake):
            await self._greet(taken, send)
        elif isinstance(taken, intake.Accepted):
            [(event_id, new)] = await self._admit((taken,), seen)
            values = {"event_id": event_id, "source": taken.source, "type": taken.event_type}
            # A request that is held keeps neither its body nor its files.
            seen.message = None
            del message, taken
            spools.close()
            await self._replies.send(scope, stream, send, source.reply, values, new=new)
        else:
            stored = await self._admit(taken, seen) if taken else ()
            await send_json(
                send,
                202 if any(one.new for one in stored) else 200,
                {"events": [_outcome(one) for one in stored]},
            )

    async def keep(self, parse: Callable[[], intake.Accepted]) -> Stored:
        """Store one event that came in another way than by a message to its source, its objects first.

        :param parse: makes the event, on a thread.
        :raises Rejected: by ``parse``, or it could not be stored.
        """
        taken = await self._claims.take(parse)
        [stored] = await self._store(intake.events(taken))
        return stored

    async def _admit(self, events: tuple[intake.Accepted, ...], seen: _Seen) -> tuple[Stored, ...]:
        admitted, refused = await self._door.check(events)
        if refused:
            kept = {event.event_id for event in admitted}
            self._claims.discard([event for event in events if event.event_id not in kept])
        stored = await self._store(admitted)
        if refused:
            raise refused
        if meter.on:
            _measure(events[0].source, stored, seen)
        return stored

    async def _greet(self, handshake: intake.Handshake, send: Send) -> None:
        if handshake.reply is None:
            await send_json(send, 200, {"status": "ok", "event": handshake.event_type})
        else:
            await send_reply(send, handshake.reply)

    async def _take(self, source: Source, message: Message, bounds: Bounds) -> intake.Taken:
        if _is_quick(message):
            taken = intake.take(source, message, bounds)
            if not intake.has_claims(taken):
                return taken
            return await self._claims.take(lambda: taken)
        return await self._claims.take(lambda: intake.take(source, message, bounds))

    async def _store(self, events: tuple[intake.Accepted, ...]) -> tuple[Stored, ...]:
        try:
            stored = await self._inbox.store_all(events)
        except Overloaded:
            self._claims.discard(events)
            raise _unavailable("Too much is waiting to be stored.") from None
        except TimeoutError:
            # It may be committed yet. A delivery id makes the next attempt a duplicate; without one it is a
            # second event, which is better than none.
            self._claims.settle(events, None)
            raise _unavailable("The database takes too long.", MAYBE_STORED) from None
        except (SQLAlchemyError, ValueError, OSError) as error:
            first = events[0]
            log.warning(
                "event not stored", source=first.source, event_id=first.event_id, error=type(error).__name__
            )
            self._claims.settle(events, None)
            raise _unavailable(f"The database raised {type(error).__name__}.", MAYBE_STORED) from None
        self._claims.settle(events, [one.new for one in stored])
        return stored


def _is_quick(message: Message) -> bool:
    """Tell whether parsing keeps no other request waiting."""
    content = message.content
    return (
        isinstance(content, bytes)
        and len(content) <= QUICK_BYTES
        and "content-encoding" not in message.headers
    )


def _measure(source: str, stored: tuple[Stored, ...], seen: _Seen) -> None:
    new = sum(one.new for one in stored)
    for name, number in (("hookline.accepted", new), ("hookline.duplicates", len(stored) - new)):
        if number:
            meter.count(name, source, number)
    meter.time("hookline.accept", time.perf_counter() - seen.began)


def _outcome(stored: Stored) -> dict[str, Any]:
    return {"event_id": stored.event_id, "status": "accepted", "duplicate": not stored.new}


def _unavailable(reason: str, detail: str = "The event was not stored; send it again.") -> Rejected:
    return Rejected(
        UNAVAILABLE,
        detail,
        reason=reason,
        headers={"Retry-After": "5"},
    )
