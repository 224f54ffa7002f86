"""Temporary files of requests: what is large is kept on disk while it is handled, within a bound for all."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, BinaryIO, cast

from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.problem import UNAVAILABLE, Rejected

TOTAL_BYTES = 1024 * 1024 * 1024


class Disk:
    """What the temporary files of all requests of a process may take up together.

    :param total: bytes.
    """

    def __init__(self, total: int = TOTAL_BYTES) -> None:
        self._left = total
        self._lock = threading.Lock()  # requests are handled on threads

    def take(self, size: int) -> None:
        """Set ``size`` bytes aside.

        :raises Rejected: there are not as many left.
        """
        with self._lock:
            enough = size <= self._left
            self._left -= size if enough else 0
        if not enough:
            raise _no_room("The temporary files of all requests take up as much as they may.")

    def give_back(self, size: int) -> None:
        """Return what a request had."""
        with self._lock:
            self._left += size


class Spools:
    """The temporary files of one request; they are gone when it leaves the ``with`` statement."""

    __slots__ = ("_disk", "_files", "_taken")

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._files: list[Any] = []
        self._taken = 0

    def __enter__(self) -> Spools:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the files; they may have been removed before."""
        for file in self._files:
            file.close()
        self._files.clear()
        if self._taken:
            self._disk.give_back(self._taken)
            self._taken = 0

    def new(self) -> BinaryIO:
        """Return a new file, in memory up to 256 KiB."""
        file = _Spool(self)
        self._files.append(file)
        return cast("BinaryIO", file)

    def charge(self, size: int) -> None:
        """Count bytes that are written to a file.

        :raises Rejected: the files of all requests take up as much as they may.
        """
        self._disk.take(size)
        self._taken += size


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    def __init__(self, spools: Spools) -> None:
        super().__init__(max_size=INLINE_BYTES)
        self._spools = spools

    def write(self, data: Any) -> int:
        try:
            written = super().write(data)
        except OSError as error:
            raise _no_room(f"A temporary file cannot be written: {error.strerror}.") from None
        self._spools.charge(written)
        return written

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)


def _no_room(reason: str) -> Rejected:
    return Rejected(
        UNAVAILABLE,
        "Too many large requests are under way; send it again.",
        reason=reason,
        headers={"Retry-After": "10"},
    )
