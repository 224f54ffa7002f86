"""A network that stops carrying anything, without closing a connection."""

from __future__ import annotations

import asyncio
from typing import Self


class BlackHole:
    """Forwards to a server until told to swallow; connections made after that are forwarded again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.swallow()
        for writer in self._writers:
            writer.transport.abort()
        self._server.close()
        await asyncio.sleep(0)

    def swallow(self) -> None:
        """Carry nothing more on the connections that are open."""
        for task in self._open:
            task.cancel()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._writers += [back, writer]
        for source, sink in ((reader, back), (there, writer)):
            self._open.add(asyncio.create_task(self._carry(source, sink)))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()
