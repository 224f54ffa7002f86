"""What one request may take up, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from hookline.protocol.claims import INLINE_BYTES, NO_STORAGE
from hookline.protocol.problem import TOO_LARGE, Rejected


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one request.

    :param max_bytes: of the body, as it arrives and once more when it is decompressed.
    :param storage: folder in object storage for what does not fit an event; empty where there is none.
    :param spool: makes a temporary file that lives as long as the request.
    """

    max_bytes: int = INLINE_BYTES
    storage: str = ""
    spool: Callable[[], BinaryIO] = BytesIO

    def too_large(self) -> Rejected:
        """Return the refusal of a larger body."""
        if self.max_bytes == INLINE_BYTES and not self.storage:
            return Rejected(TOO_LARGE, f"For bodies of more than {INLINE_BYTES} bytes {NO_STORAGE}")
        return Rejected(TOO_LARGE, f"The source takes bodies of at most {self.max_bytes} bytes.")
