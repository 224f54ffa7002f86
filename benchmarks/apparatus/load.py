"""A load generator: keep-alive connections that send one request after the other.

``python -m benchmarks.apparatus.load URL CLIENTS SECONDS FIELDS BODY`` prints one JSON object: ``requests``,
``seconds``, ``refused`` (answers other than 202: errors and duplicates) and the latencies ``p50`` and ``p99``
in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit


class Client(asyncio.Protocol):
    """One connection; sends the next request as soon as the last is answered."""

    def __init__(self, name: int, head: bytes, body: bytes, end: float, latencies: list[float]) -> None:
        self._name = name
        self._head = head
        self._body = body
        self._end = end
        self._latencies = latencies
        self._count = 0
        self._sent = 0.0
        self._buffer = b""
        self.refused = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def _message(self) -> bytes:
        """Return the next request."""
        delivery = b"X-Delivery-Id: %d-%d-%d\r\n\r\n" % (time.time_ns(), self._name, self._count)
        return self._head + delivery + self._body

    def _answered(self, status: bytes) -> None:
        """Take note of the answer to the last request."""
        self.refused += status != b"202"

    def _send(self) -> None:
        self._count += 1
        message = self._message()
        self._sent = time.perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._buffer = b""
        self._latencies.append(time.perf_counter() - self._sent)
        self._answered(head[9:12])
        if time.perf_counter() < self._end:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


async def drive(
    url: str,
    clients: int,
    seconds: float,
    fields: dict[str, str],
    body: bytes,
    *,
    client: Callable[..., Client] = Client,
) -> tuple[list[Client], list[float]]:
    """Send for ``seconds`` over connections of a kind; return them, and the latencies in seconds."""
    target = urlsplit(url)
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.netloc}", f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items()), ""]).encode()
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    made = [
        await loop.create_connection(
            lambda n=number: client(n, head, body, end, latencies), target.hostname, target.port
        )
        for number in range(clients)
    ]
    await asyncio.gather(*(client.closed for _, client in made))
    return [client for _, client in made], latencies


def summary(made: list[Client], latencies: list[float], start: float) -> dict[str, Any]:
    """Return what is printed, of a load that started at a time of ``perf_counter``."""
    quantiles = statistics.quantiles(latencies, n=100)
    return {
        "requests": len(latencies),
        "seconds": time.perf_counter() - start,
        "refused": sum(client.refused for client in made),
        "p50": quantiles[49] * 1000,
        "p99": quantiles[98] * 1000,
    }


async def generate(
    url: str, clients: int, seconds: float, fields: dict[str, str], body: bytes
) -> dict[str, Any]:
    """Send for ``seconds`` over ``clients`` connections."""
    start = time.perf_counter()
    return summary(*await drive(url, clients, seconds, fields, body), start)


def run(url: str, clients: int, seconds: float, fields: dict[str, str], body: bytes) -> dict[str, Any]:
    """Generate load in a process of its own, so that it shares no interpreter with what it measures."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.apparatus.load",
        url,
        str(clients),
        str(seconds),
        json.dumps(fields),
    ]
    output = subprocess.run([*command, body.decode()], check=True, capture_output=True, text=True).stdout
    result: dict[str, Any] = json.loads(output)
    return result


if __name__ == "__main__":
    _, url, clients, seconds, fields, body = sys.argv
    print(
        json.dumps(
            asyncio.run(generate(url, int(clients), float(seconds), json.loads(fields), body.encode()))
        )
    )
