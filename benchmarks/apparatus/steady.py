"""A sender at a steady rate: ``python -m benchmarks.apparatus.steady URL RATE``, until it is killed.

Every ``OF_WORKERS``-th event is of the type ``worked``, the others are ``quick``. When a line comes on its
standard input, it prints one JSON object of what was since the last one: ``sent``, ``refused`` (answers other
than 202), and the latencies ``p50`` and ``p99`` in milliseconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
from urllib.parse import urlsplit

OF_WORKERS = 20
CONNECTIONS = 8


class Sender:
    """Sends on a few keep-alive connections, each request when it is due."""

    def __init__(self, url: str, rate: float) -> None:
        self._target = urlsplit(url)
        self._rate = rate
        self._numbers = itertools.count()
        self._began = time.perf_counter()
        self._latencies: list[float] = []
        self._refused = 0

    async def send(self) -> None:
        """Send until cancelled."""
        reader, writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        for number in self._numbers:
            due = self._began + number / self._rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            kind = "quick" if number % OF_WORKERS else "worked"
            body = json.dumps({"n": number}).encode()
            head = f"POST {self._target.path}/{kind} HTTP/1.1\r\nHost: {self._target.netloc}\r\n"
            head += f"X-Delivery-Id: {time.time_ns()}-{number}\r\nContent-Type: application/json\r\n"
            sent = time.perf_counter()
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            self._latencies.append(time.perf_counter() - sent)
            self._refused += answer[9:12] != b"202"

    def figures(self) -> dict[str, float]:
        """Return what was since this was last asked."""
        latencies, self._latencies = self._latencies, []
        refused, self._refused = self._refused, 0
        quantiles = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
        return {
            "sent": len(latencies),
            "refused": refused,
            "p50": quantiles[49] * 1000,
            "p99": quantiles[98] * 1000,
        }


async def main(url: str, rate: float) -> None:
    """Send, and tell when asked."""
    sender = Sender(url, rate)
    sending = [asyncio.create_task(sender.send()) for _ in range(CONNECTIONS)]
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(sender.figures()), flush=True)
        for task in sending:
            if task.done():
                task.result()
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
