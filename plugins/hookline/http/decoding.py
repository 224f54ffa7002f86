"""``Content-Encoding`` of an answer (RFC 9110 section 8.4), decoded in bounded pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class BrokenEncoding(Exception):
    """The content is not encoded as its header says."""


class Decoder:
    """Decodes one body.

    :param encoding: the header's value; only what ``Accept-Encoding`` asks for is known.
    """

    def __init__(self, encoding: str | None) -> None:
        codings = [coding.strip().lower() for coding in (encoding or "").split(",")]
        codings = [coding for coding in codings if coding not in {"", "identity"}]
        if len(codings) > 1 or (codings and codings[0] not in {"gzip", "x-gzip", "deflate"}):
            raise BrokenEncoding(
                f"the content is encoded as {', '.join(codings)[:50]}, which was not asked for"
            )
        self._coding = codings[0] if codings else ""
        self._inflate: zlib._Decompress | None = None
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` becomes, in pieces of at most :data:`PIECE` bytes.

        :raises BrokenEncoding: it cannot be decoded.
        """
        if not self._coding:
            if data:
                yield data
            return
        while data:
            if self._inflate is None:
                self._inflate = zlib.decompressobj(self._window(data))
            self._begun = True
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error:
                raise BrokenEncoding("the content cannot be decompressed") from None
            if piece:
                yield piece
            if self._inflate.eof:
                # Several gzip members one after the other are one file (RFC 1952 section 2.2).
                data, self._inflate = self._inflate.unused_data, None
                if self._coding == "deflate":
                    return
            else:
                data = self._inflate.unconsumed_tail
                if not data and len(piece) == PIECE:
                    yield from self._rest()

    def finish(self) -> None:
        """Insist on the end of the encoding.

        :raises BrokenEncoding: it has not come.
        """
        if self._inflate is not None and not self._inflate.eof:
            raise BrokenEncoding("the content ends before its compression does")

    def _rest(self) -> Iterator[bytes]:
        # All input is taken, but there may be more output than one piece.
        while self._inflate is not None and (piece := self._inflate.decompress(b"", PIECE)):
            yield piece

    def _window(self, data: bytes) -> int:
        if self._coding != "deflate":
            return _GZIP
        # Some servers leave out the zlib wrapper that RFC 9110 section 8.4.1.2 wants.
        return zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS
