"""``python memory.py upload|download requests|httpx``: move 1 GiB and print its size and the memory it took.

The other side is a process of its own, so that only the caller's memory is measured.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import resource
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "plugins"))

from hookline.http.async_transport import AsyncTransport
from hookline.http.body import Content, File
from hookline.http.request import compose
from hookline.http.target import from_fields
from hookline.http.transport import Transport

SIZE = 2**30
ZEROS = bytes(2**20)


class Zeros(io.RawIOBase):
    """As many zeros as a file of the size has."""

    def __init__(self) -> None:
        self._left = SIZE

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


class Counting:
    """A sink that only counts."""

    size = 0

    def __call__(self, _url: str, _status: int, _headers: Mapping[str, str]) -> Any:
        return self

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)

    def close(self) -> int:
        return self.size

    def abort(self) -> None: ...


def serve(listener: socket.socket, direction: str) -> None:
    connection, _ = listener.accept()
    with connection:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        body = len(received.partition(b"\r\n\r\n")[2])
        if direction == "upload":
            while body < SIZE:
                body += len(connection.recv(2**20))
            text = str(body).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // len(ZEROS)):
                connection.sendall(ZEROS)


def main(direction: str, lane: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = multiprocessing.Process(target=serve, args=(listener, direction))
        other.start()
        port = listener.getsockname()[1]
    extra = {"auth_type": "none", "allowed_networks": "127.0.0.1", "max_request_bytes": 2 * SIZE}
    target = from_fields(host=f"http://127.0.0.1:{port}", extra=extra)
    file = File("zeros", "application/octet-stream", Zeros, SIZE)
    content = Content(file.media_type, (file,)) if direction == "upload" else None
    request = compose(target, "POST", content=content)
    save = Counting() if direction == "download" else None
    import httpx  # noqa: F401  what is loaded for the first call is not the call's
    import requests  # noqa: F401

    import hookline.http.dialing  # noqa: F401

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if lane == "requests":
        with Transport() as transport:
            received = transport.send(request, target, save)
    else:

        async def send() -> Any:
            async with AsyncTransport() as transport:
                return await transport.send(request, target, save)

        received = asyncio.run(send())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    other.join()
    print(received.saved or int(received.content), (after - before) * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
