"""From a verified message to an event: one pure call, the same wherever the message came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hookline.exceptions import NamingError
from hookline.protocol import deduplication, strict_json
from hookline.protocol.envelope import envelope, public_query
from hookline.protocol.message import Message
from hookline.protocol.problem import MALFORMED, UNSUPPORTED_MEDIA_TYPE, Rejected
from hookline.protocol.signatures.handshake import Reply
from hookline.protocol.source import Source

HANDSHAKE = "handshake"
MAX_TYPE = 200
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that may be stored.

    :param body: the CloudEvent as JSON text.
    :param candidates: dag ids that may run for it, best first.
    """

    source: str
    event_id: str
    event_type: str
    candidates: tuple[str, ...]
    received_at: datetime
    body: str
    run_paused: bool = False


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request that asks whether anybody is there; answered, never stored.

    :param reply: what the sender expects to read, or None if any 2xx will do.
    """

    event_type: str
    reply: Reply | None = None


def take(source: Source, message: Message) -> Accepted | Handshake:
    """Verify, parse and name one message.

    :raises Rejected: with the problem ``unauthenticated``, ``malformed``,
        ``method-not-allowed`` or ``unsupported-media-type``.
    """
    if reply := source.greeted(message, verified=False):
        return Handshake(HANDSHAKE, reply)
    source.require_method(message.method)
    source.verifier.verify(message)
    if reply := source.greeted(message, verified=True):
        return Handshake(HANDSHAKE, reply)
    text, data = _data(message, source.verifier.reads_query)
    if source.scheme.pings and (asked := source.scheme.event_type.find(message, data)) in source.scheme.pings:
        return Handshake(str(asked))
    if source.event_type.kind == "path":
        segments = message.path_segments()
    else:
        found = source.event_type.find(message, data)
        if not found:
            raise Rejected(
                MALFORMED, f"The event's type is expected in {source.event_type}, and is not there."
            )
        segments = tuple(found.split(source.separator))
    event_type = ".".join(segments) or source.name
    if len(event_type) > MAX_TYPE or not event_type.isprintable():
        raise Rejected(MALFORMED, f"An event's type is printable text of at most {MAX_TYPE} characters.")
    try:
        candidates = source.candidates(segments)
    except NamingError as error:
        raise Rejected(MALFORMED, str(error)) from None
    delivery_id = source.event_id.find(message, data) if source.event_id else None
    event_id = deduplication.event_id(delivery_id)
    head = envelope(
        message,
        source=source.name,
        event_id=event_id,
        event_type=event_type,
        hidden=source.verifier.reads,
        hidden_query=source.verifier.reads_query,
    )
    return Accepted(
        source=source.name,
        event_id=event_id,
        event_type=event_type,
        candidates=tuple(candidates),
        received_at=message.received_at,
        # The data stays as the sender wrote it, digit for digit, and is not encoded a second time.
        body=f'{json.dumps(head)[:-1]}, "data": {text}}}',
        run_paused=source.run_paused,
    )


def _data(message: Message, hidden_query: frozenset[str]) -> tuple[str, Any]:
    if message.method == "GET" and not message.body:
        query = public_query(message, hidden_query)
        return json.dumps(query), query
    _check_format(message)
    try:
        data = strict_json.loads(message.body)
    except strict_json.NotJson as error:
        raise Rejected(MALFORMED, str(error)) from None
    return message.body.decode("utf-8-sig"), data


def _check_format(message: Message) -> None:
    for name in ("content-type", "content-encoding"):
        if name in message.headers and message.headers.get(name) is None:
            raise Rejected(UNSUPPORTED_MEDIA_TYPE, f"The header `{name}` is repeated.")
    if (message.headers.get("content-encoding") or "identity").lower() != "identity":
        raise Rejected(UNSUPPORTED_MEDIA_TYPE, "The body is compressed; send it as it is.")
    content_type = message.headers.get("content-type") or JSON
    if content_type == JSON:
        return
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind not in (JSON, "text/json") and not kind.endswith("+json"):
        raise Rejected(
            UNSUPPORTED_MEDIA_TYPE, "Send the event as JSON, with `Content-Type: application/json`."
        )
    charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(' \t"')
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Rejected(
            UNSUPPORTED_MEDIA_TYPE, "JSON is UTF-8 (RFC 8259); this body claims to be something else."
        )
