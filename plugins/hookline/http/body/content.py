"""A body ready to send: pieces in memory, and files that are read while they are sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from hookline.exceptions import ConfigurationError

CHUNK_BYTES = 64 * 1024
_MEDIA_TYPE = re.compile(r"[!#$&^_.+\w-]{1,127}/[!#$&^_.+\w-]{1,127}(?:\s*;[\t\x20-\x7e]{0,500})?", re.ASCII)


def utf8(text: str) -> bytes:
    """Encode text of a body.

    :raises ConfigurationError: it holds half a character.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            "body holds half a character (a lone surrogate), which UTF-8 cannot carry"
        ) from None


@dataclass(frozen=True)
class File:
    """A file to send.

    :param name: shown to the other side.
    :param open: opens it for reading; called again for every reading.
    :param size: in bytes; None if that is not known before it is read.
    """

    name: str
    media_type: str
    open: Callable[[], BinaryIO] = field(repr=False)
    size: int | None = None

    def __post_init__(self) -> None:
        """Check what becomes part of a header.

        :raises ConfigurationError: ``media_type`` is none.
        """
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ConfigurationError(
                f"the content type of the file {self.name!r} is none; write it as text/csv"
            )

    def chunks(self) -> Iterator[bytes]:
        """Yield the content.

        :raises ConfigurationError: it is not as long as ``size``, so the request would be cut or garbled.
        """
        count = 0
        with self.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                count += len(chunk)
                if self.size is not None and count > self.size:
                    break
                yield chunk
        if self.size is not None and count != self.size:
            more = "more" if count > self.size else f"{count}"
            raise ConfigurationError(
                f"the file {self.name} changed while it was sent: {more} instead of {self.size} bytes"
            )


@dataclass(frozen=True)
class Content:
    """A body, and its ``Content-Type``. Iterating yields it in pieces, as often as wanted."""

    media_type: str
    parts: tuple[bytes | File, ...] = field(repr=False)

    @property
    def length(self) -> int | None:
        """Bytes of the body; None if one of its files has an unknown size."""
        total = 0
        for part in self.parts:
            size = len(part) if isinstance(part, bytes) else part.size
            if size is None:
                return None
            total += size
        return total

    @property
    def has_file(self) -> bool:
        """Whether some of it is read while it is sent."""
        return any(isinstance(part, File) for part in self.parts)

    @property
    def data(self) -> bytes | None:
        """The whole body, None if there is a file in it."""
        if self.has_file:
            return None
        return b"".join(part for part in self.parts if isinstance(part, bytes))

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, bytes):
                for start in range(0, len(part), CHUNK_BYTES):
                    yield part[start : start + CHUNK_BYTES]
            else:
                yield from part.chunks()
