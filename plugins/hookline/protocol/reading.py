"""From the body of a verified message to what it says."""

from __future__ import annotations

from dataclasses import replace

from hookline.protocol import formats, inflate
from hookline.protocol.bounds import Bounds
from hookline.protocol.envelope import public_query
from hookline.protocol.formats import batch, cloudevents, content_type
from hookline.protocol.formats.document import Batch, Document, document
from hookline.protocol.message import Message
from hookline.protocol.problem import MALFORMED, UNSUPPORTED_MEDIA_TYPE, Rejected
from hookline.protocol.source import Source


def read(source: Source, message: Message, bounds: Bounds) -> Document | Batch:
    """Return what the body says, by its content type or as the source's ``format`` tells.

    :raises Rejected: it cannot be read, or is too large.
    """
    if message.method == "GET" and not message.content:
        return document(public_query(message, source.verifier.reads_query))
    headers = message.headers
    given, encoding = headers.get("content-type"), headers.get("content-encoding")
    for name, value in (("content-type", given), ("content-encoding", encoding)):
        if value is None and name in headers:
            raise Rejected(UNSUPPORTED_MEDIA_TYPE, f"The header `{name}` is repeated.")
    kind = content_type.parse(given) if given else formats.JSON
    said = formats.read(
        inflate.content(message, encoding, bounds) if encoding else message.content,
        kind,
        as_format=source.format,
        headers=headers,
        spool=bounds.spool,
    )
    # A signature covers the body only: by headers, a recorded request would be any event.
    attributes = cloudevents.binary(headers, given) if source.verifier.covers_headers else None
    if attributes is not None:
        if isinstance(said, Batch) or said.attributes is not None:
            raise Rejected(
                MALFORMED, "By its headers this is one CloudEvent; its body is another or several."
            )
        return replace(said, attributes=attributes)
    if source.batch and isinstance(said, Document) and said.attributes is None:
        return batch.split(said, source.batch)
    return said
