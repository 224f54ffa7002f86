"""Where the body of an answer goes when it is too large, or not meant, for memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Sink(Protocol):
    """Takes one body, decompressed, in pieces."""

    def write(self, chunk: bytes) -> None:
        """Take the next piece."""

    def close(self) -> Any:
        """Keep what was written; return what stands for it as the answer's body."""

    def abort(self) -> None:
        """Leave nothing behind."""


SinkFor = Callable[[str, int, Mapping[str, str]], Sink | None]
"""Makes the sink from URL, status and lower-case headers; None has the body read into memory."""
