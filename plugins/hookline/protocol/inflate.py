"""A body without its ``Content-Encoding``, within the bounds of its request."""

from __future__ import annotations

from hookline.protocol.bounds import Bounds
from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.decoding import TAKEN, BrokenEncoding, Decoder, UnknownEncoding
from hookline.protocol.extent import Content, Extent
from hookline.protocol.message import Message
from hookline.protocol.problem import MALFORMED, UNSUPPORTED_MEDIA_TYPE, Rejected


def content(message: Message, encoding: str, bounds: Bounds) -> Content:
    """Return the body as the sender had it before compressing.

    :param encoding: the header's value.
    :raises Rejected: an unknown coding, or several; it cannot be decompressed; it becomes too large.
    """
    try:
        decoder = Decoder(encoding, TAKEN)
        return _inflated(message, decoder, bounds) if decoder.coding else message.content
    except UnknownEncoding:
        raise Rejected(
            UNSUPPORTED_MEDIA_TYPE, "A body may be compressed once: gzip, deflate or br."
        ) from None
    except BrokenEncoding as error:
        raise Rejected(MALFORMED, f"The body is not what `Content-Encoding` says: {error}.") from None


def _inflated(message: Message, decoder: Decoder, bounds: Bounds) -> Content:
    file = bounds.spool()
    size = 0
    for piece in message.pieces():
        for inflated in decoder.feed(piece):
            size += len(inflated)
            if size > bounds.max_bytes:
                raise bounds.too_large()
            file.write(inflated)
    decoder.finish()
    everything = Extent(file, 0, size)
    return everything if size > INLINE_BYTES else b"".join(everything)
