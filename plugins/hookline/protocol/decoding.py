"""``Content-Encoding`` of a body (RFC 9110 section 8.4), decoded in bounded pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

PIECE = 64 * 1024
ASKED_FOR = frozenset({"gzip", "x-gzip", "deflate"})
"""What calls name in ``Accept-Encoding``."""
TAKEN = ASKED_FOR | {"br"}
"""What senders may use."""
# Registered at IANA (HTTP Content Coding Registry); all of these change the bytes.
_REGISTERED = TAKEN | {
    "aes128gcm", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress", "zstd",
}  # fmt: skip
_GZIP = 16 + zlib.MAX_WBITS


class BrokenEncoding(Exception):
    """The content is not encoded as its header says."""


class UnknownEncoding(BrokenEncoding):
    """The content is encoded in a way that is not read, or more than once."""


class Decoder:
    """Decodes one body.

    :param encoding: the header's value.
    :param known: codings that are read.
    :param lenient: take what other clients take: words that are no coding, such as ``utf-8``, and padding or
        rubbish behind the end of the encoding.
    :raises UnknownEncoding: it is none of them, or several.
    """

    def __init__(
        self, encoding: str | None, known: frozenset[str] = ASKED_FOR, *, lenient: bool = False
    ) -> None:
        codings = [coding.strip().lower() for coding in (encoding or "").split(",")]
        codings = [coding for coding in codings if coding not in {"", "identity"}]
        if lenient:
            codings = [coding for coding in codings if coding in _REGISTERED]
        if len(codings) > 1 or (codings and codings[0] not in known):
            raise UnknownEncoding(
                f"the content is encoded as {', '.join(codings)[:50]}, which was not asked for"
            )
        self.coding = codings[0] if codings else ""
        self._inflate: Any = None
        self._whole = True  # whether what was fed so far ends where the encoding does
        self._lenient = lenient
        self._members = 0  # that are complete
        self._empty = True  # whether the current member has become nothing so far
        self._over = False  # what follows is rubbish

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` becomes, in pieces of about :data:`PIECE` bytes.

        :raises BrokenEncoding: it cannot be decoded.
        """
        if not self.coding:
            if data:
                yield data
        elif data and not self._over:
            yield from self._brotli(data) if self.coding == "br" else self._zlib(data)

    def finish(self) -> None:
        """Insist on the end of the encoding.

        :raises BrokenEncoding: it has not come.
        """
        if not self._whole and not self._is_rubbish():
            raise BrokenEncoding("the content ends before its compression does")

    def _is_rubbish(self) -> bool:
        return self._lenient and self._members > 0 and self._empty

    def _zlib(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate is None:
                self._inflate = zlib.decompressobj(self._window(data))
                self._empty = True
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error:
                if self._is_rubbish():
                    self._over = True
                    return
                raise BrokenEncoding("the content cannot be decompressed") from None
            self._whole = self._inflate.eof
            if piece:
                self._empty = False
                yield piece
            if self._inflate.eof:
                # Several gzip members one after the other are one file (RFC 1952 section 2.2).
                data, self._inflate = self._inflate.unused_data, None
                self._members += 1
                if self.coding == "deflate":
                    self._over = self._lenient
                    return
            else:
                data = self._inflate.unconsumed_tail
                if not data and len(piece) == PIECE:
                    yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        # All input is taken, but there may be more output than one piece.
        while self._inflate is not None and (piece := self._inflate.decompress(b"", PIECE)):
            self._whole = self._inflate.eof
            yield piece

    def _window(self, data: bytes) -> int:
        if self.coding != "deflate":
            return _GZIP
        # Some servers leave out the zlib wrapper that RFC 9110 section 8.4.1.2 wants.
        return zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS

    def _brotli(self, data: bytes) -> Iterator[bytes]:
        # Brotli (RFC 7932) grows up to a hundred thousand times: the library bounds each piece of output.
        import brotli

        if self._inflate is None:
            self._inflate = brotli.Decompressor()
        try:
            piece = self._inflate.process(data, output_buffer_limit=PIECE)
            while piece:
                yield piece
                if self._inflate.is_finished():
                    break
                piece = self._inflate.process(b"", output_buffer_limit=PIECE)
        except brotli.error:
            raise BrokenEncoding("the content cannot be decompressed") from None
        self._whole = self._inflate.is_finished()
