"""From a verified message to an event: one pure call, the same wherever the message came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from hookline.exceptions import NamingError
from hookline.protocol import claims, deduplication, reading, reference, wait
from hookline.protocol.bounds import Bounds
from hookline.protocol.claims import Claim
from hookline.protocol.envelope import envelope
from hookline.protocol.formats import batch
from hookline.protocol.formats.document import Batch, Document
from hookline.protocol.message import Message
from hookline.protocol.problem import MALFORMED, Rejected
from hookline.protocol.replay import Replay
from hookline.protocol.signatures.handshake import Reply
from hookline.protocol.source import Source

HANDSHAKE = "handshake"
MAX_TYPE = 200
INLINE_ONLY = Bounds()
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that may be stored.

    :param body: the CloudEvent as JSON text.
    :param candidates: dag ids that may run for it, best first.
    :param claims: objects that have to be in object storage before it is stored.
    :param quarantine: why it must not run; it is kept for a person to look at.
    :param correlation: by which waiting tasks know it, see :func:`hookline.protocol.wait.key`.
    :param replay: by which the same signed content is known again under another delivery id.
    """

    source: str
    event_id: str
    event_type: str
    candidates: tuple[str, ...]
    received_at: datetime
    body: str
    run_paused: bool = False
    claims: tuple[Claim, ...] = ()
    quarantine: str | None = None
    replay: Replay | None = None
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request that asks whether anybody is there; answered, never stored.

    :param reply: what the sender expects to read, or None if any 2xx will do.
    """

    event_type: str
    reply: Reply | None = None


Taken = Accepted | tuple[Accepted, ...] | Handshake


def take(source: Source, message: Message, bounds: Bounds = INLINE_ONLY) -> Taken:
    """Verify, parse and name one message.

    The raw bytes are verified, as they arrived; only then they are decompressed and parsed.

    :returns: one event; those of a batch, in its order; or a handshake.
    :raises Rejected: with the problem ``unauthenticated``, ``malformed``, ``method-not-allowed``,
        ``unsupported-media-type`` or ``too-large``.
    """
    if reply := source.greeted(message, verified=False):
        return Handshake(HANDSHAKE, reply)
    source.require_method(message.method)
    source.verifier.verify(message)
    if reply := source.greeted(message, verified=True):
        return Handshake(HANDSHAKE, reply)
    said = reading.read(source, message, bounds)
    replay = Replay.of(source, message)
    if isinstance(said, Batch):
        batch.require_small(said, message)
        return tuple(
            event(
                source,
                message,
                document,
                bounds,
                segments=_segments(source, message, document, said),
                delivery_id=_delivery_id_in_batch(source, message, document, said, index),
                replay=replay.numbered(index) if replay else None,
            )
            for index, document in enumerate(said.documents)
        )
    if source.scheme.pings:
        asked = source.scheme.event_type.find(message, said.data)
        if asked in source.scheme.pings:
            return Handshake(str(asked))
    return event(
        source,
        message,
        said,
        bounds,
        segments=_segments(source, message, said),
        delivery_id=_delivery_id(source, message, said),
        replay=replay,
    )


def events(taken: Taken) -> tuple[Accepted, ...]:
    """Return what is to be stored."""
    if isinstance(taken, Accepted):
        return (taken,)
    return () if isinstance(taken, Handshake) else taken


def has_claims(taken: Taken) -> bool:
    """Tell whether objects have to be stored first."""
    return bool(taken.claims) if isinstance(taken, Accepted) else any(event.claims for event in events(taken))


def _segments(
    source: Source, message: Message, document: Document, batch: Batch | None = None
) -> tuple[str, ...]:
    if document.attributes is not None:
        return tuple(document.attributes["type"].split("."))
    if source.event_type.kind == "path":
        return message.path_segments()
    found = source.event_type.find(message, document.data)
    if not found and batch is not None:
        found = source.event_type.find(message, batch.whole)
    if not found:
        raise Rejected(MALFORMED, f"The event's type is expected in {source.event_type}, and is not there.")
    return tuple(found.split(source.separator))


def _delivery_id(source: Source, message: Message, document: Document) -> str | None:
    if document.attributes is not None:
        # A space is in no URI reference, so no two pairs look alike.
        return f"{document.attributes['source']} {document.attributes['id']}"
    return source.event_id.find(message, document.data) if source.event_id else None


def _delivery_id_in_batch(
    source: Source, message: Message, document: Document, batch: Batch, index: int
) -> str | None:
    if source.event_id is None or document.attributes is not None or source.event_id.kind == "body":
        own = _delivery_id(source, message, document)
        if own is not None or source.event_id is None:
            return own
    shared = source.event_id.find(message, batch.whole)
    return f"{shared}.{index}" if shared is not None else None


def event(
    source: Source,
    message: Message,
    document: Document,
    bounds: Bounds,
    *,
    segments: tuple[str, ...],
    delivery_id: str | None,
    replay: Replay | None = None,
    marks: Mapping[str, Any] | None = None,
) -> Accepted:
    """Return the event of one document.

    :param segments: its type.
    :param delivery_id: by which the same event is known again, None if it cannot come twice.
    :param marks: further members of ``hookline``.
    :raises Rejected: it has no type that can be written, or does not fit.
    """
    event_type = ".".join(segments) or source.name
    if len(event_type) > MAX_TYPE or not event_type.isprintable():
        raise Rejected(MALFORMED, f"An event's type is printable text of at most {MAX_TYPE} characters.")
    try:
        candidates = source.candidates(segments)
    except NamingError as error:
        raise Rejected(MALFORMED, str(error)) from None
    if reference.looks_like_one(document.data):
        # It would pass the schema of every Dag, see :func:`hookline.authoring.event_dag`.
        raise Rejected(MALFORMED, "The data has the members of a reference to stored data, and no others.")
    event_id = deduplication.event_id(delivery_id)
    head = envelope(
        message,
        source=source.name,
        event_id=event_id,
        event_type=event_type,
        hidden=source.verifier.reads,
        hidden_query=source.verifier.reads_query,
        attributes=document.attributes,
    )
    text, extension, objects = claims.checked_in(
        document, root=bounds.storage, source=source.name, received_at=message.received_at
    )
    head["hookline"] |= {**extension, **(marks or {})}
    correlation = source.correlation.find(message, document.data) if source.correlation else None
    if correlation is not None:
        head["hookline"]["correlation"] = correlation
    return Accepted(
        source=source.name,
        event_id=event_id,
        event_type=event_type,
        candidates=candidates,
        received_at=message.received_at,
        # The data stays as the sender wrote it, digit for digit, and is not encoded a second time.
        body=f'{_written(head)[:-1]},"data":{text}}}',
        run_paused=source.run_paused,
        claims=objects,
        replay=replay,
        correlation=wait.key(correlation) if correlation is not None else None,
    )


def _written(head: dict[str, Any]) -> str:
    try:
        return _ENCODER.encode(head).decode()
    except UnicodeEncodeError:  # half a surrogate pair can be escaped, not encoded
        return json.dumps(head)
