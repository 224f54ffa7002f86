"""``python memory.py upload|download requests|httpx``: move 1 GiB and print its size and the memory it took.

The file is one of object storage, whose client works as those of S3 do.

The other side is a process of its own, so that only the caller's memory is measured.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import socket
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "plugins"))

from airflow.sdk.io import store
from fsspec import AbstractFileSystem
from fsspec.spec import AbstractBufferedFile

from hookline.hooks import storage
from hookline.hooks.saving import saving
from hookline.hooks.storage import Attachment
from hookline.http.async_transport import AsyncTransport
from hookline.http.body import encode
from hookline.http.request import compose
from hookline.http.target import from_fields
from hookline.http.transport import Transport

SIZE = 2**30
ZEROS = bytes(2**20)


class Zeros(AbstractBufferedFile):
    """As many zeros as a file of the size has; takes and drops blocks as ``s3fs.S3File`` does."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        return bytes(min(end, SIZE) - start)

    def _initiate_upload(self) -> None: ...

    def _upload_chunk(self, final: bool = False) -> bool:
        self.buffer.seek(0)
        while self.buffer.read(self.blocksize):
            pass
        return True


class Storage(AbstractFileSystem):
    """A storage of zeros, with the block size of s3fs (``s3fs/core.py``, ``default_block_size``)."""

    protocol = "memory"

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **_options: Any) -> Zeros:
        size = SIZE if "r" in mode else None
        return Zeros(self, path, mode, block_size=block_size or 50 * 2**20, size=size)

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        return {"name": path, "size": SIZE, "type": "file"}

    def mv(self, *_paths: str, **_options: Any) -> None: ...


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
    store.attach("memory", fs=Storage())
    content = save = None
    if direction == "upload":
        content = encode("raw", storage.resolve(Attachment("memory://bucket/file"), "raw"))
    else:
        save = saving("memory://bucket/file")
    request = compose(target, "POST", content=content)
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
    size = received.saved["size"] if received.saved else int(received.content)
    print(size, (after - before) * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
