"""A server that writes bytes no server of a library would write."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def talking(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run ``talk`` with each connection; gives the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, talk, context), daemon=True).start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_talk, args=(connection, talk, context), daemon=True).start()


def _talk(connection: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:  # the client may go away
        stack.enter_context(connection)
        if context:
            connection = stack.enter_context(context.wrap_socket(connection, server_side=True))
        talk(connection)


def request(connection: socket.socket) -> bytes:
    """Read one request with its body; return its head."""
    head, _, body = _until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    left = int(found[1]) - len(body) if found else 0
    while left > 0:
        left -= len(_some(connection))
    return head


def saying(answer: bytes) -> Talk:
    """Make a ``talk`` that answers every request with these bytes, and closes."""

    def talk(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    return talk


def _until(connection: socket.socket, end: bytes) -> bytes:
    read = b""
    while end not in read:
        read += _some(connection)
    return read


def _some(connection: socket.socket) -> bytes:
    read = connection.recv(65536)
    if not read:
        raise OSError("closed")
    return read
