"""A run of bytes, in memory or in an open file: what bodies and files are while they are handled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Extent:
    """Part of an open file.

    :param start: offset of its first byte.
    :param size: bytes.
    """

    file: BinaryIO
    start: int
    size: int

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, at most 64 KiB at a time; others may read the file in between."""
        offset, end = self.start, self.start + self.size
        while offset < end:
            self.file.seek(offset)
            piece = self.file.read(min(PIECE, end - offset))
            if not piece:
                raise EOFError("The file is shorter than it was.")
            offset += len(piece)
            yield piece


Content = bytes | Extent


def size(content: Content) -> int:
    """Return how many bytes ``content`` has."""
    return len(content) if isinstance(content, bytes) else content.size


def pieces(content: Content) -> Iterable[bytes]:
    """Return the bytes in pieces, to go through as often as wanted: those in memory are one."""
    return (content,) if isinstance(content, bytes) else content


def whole(content: Content) -> bytes:
    """Return the bytes."""
    return content if isinstance(content, bytes) else b"".join(content)
