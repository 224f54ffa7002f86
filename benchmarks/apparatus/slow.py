"""An endpoint that takes some time: ``python -m benchmarks.apparatus.slow PORT MILLISECONDS [FILE]``.

To the file it appends a line for each request, its path without the first slash.
"""

from __future__ import annotations

import asyncio
import os
import sys

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


async def serve(port: int, seconds: float, file: str = os.devnull) -> None:
    """Answer requests, several of one connection too, until killed."""
    called = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
                await reader.readexactly(int(length or 0))
                os.write(called, head.split(b" ", 2)[1][1:] + b"\n")
                if seconds:
                    await asyncio.sleep(seconds)
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, *sys.argv[3:]))
