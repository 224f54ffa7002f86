"""Sockets that one exchange may hold only as long as it may take.

A socket's own timeout begins anew with each byte, so a server that sends one now and then could hold a call
for ever. The limit is the thread's, since ``http.client`` leaves no other way to a socket that it reads.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

_left: ContextVar[Callable[[], float] | None] = ContextVar("left", default=None)


@contextlib.contextmanager
def within(left: Callable[[], float]) -> Iterator[None]:
    """Bound what this thread's sockets do.

    :param left: returns how many seconds the next piece may take; it is not waited for with 0 and less.
    """
    token = _left.set(left)
    try:
        yield
    finally:
        _left.reset(token)


def bounded() -> bool:
    """Tell whether this thread carries out an exchange of ours."""
    return _left.get() is not None


class _Bounded:
    """Sending and receiving raise ``TimeoutError`` when the time is up."""

    def _bound(self: Any) -> None:
        left = _left.get()
        if left is None:
            return
        seconds = left()
        if seconds <= 0:  # as the socket's own timeout it would mean not to block
            raise TimeoutError("timed out")
        self.settimeout(seconds)

    def recv(self, *arguments: Any) -> Any:
        """Receive within the time."""
        self._bound()
        return super().recv(*arguments)  # type: ignore[misc]

    def recv_into(self, *arguments: Any) -> Any:
        """Receive within the time."""
        self._bound()
        return super().recv_into(*arguments)  # type: ignore[misc]

    def send(self, *arguments: Any) -> Any:
        """Send within the time."""
        self._bound()
        return super().send(*arguments)  # type: ignore[misc]

    def sendall(self, *arguments: Any) -> None:
        """Send within the time, all pieces together (``socket.sendall`` does so itself)."""
        self._bound()
        super().sendall(*arguments)  # type: ignore[misc]


class Socket(_Bounded, socket.socket):
    """A plain socket."""


class TlsSocket(_Bounded, ssl.SSLSocket):
    """For ``ssl.SSLContext.sslsocket_class``."""
