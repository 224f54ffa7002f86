"""Airflow's commands that serve HTTP as processes, and clients that keep it busy."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from demo.ports import LOOPBACK, free_port
from demo.rest import request
from demo.stack import airflow

START_SECONDS = 60
END_SECONDS = 60


class Served:
    """A command that serves HTTP on a port; runs while it is entered, its process group is its own.

    :param ready: whether to wait until it answers over HTTP without TLS.
    """

    def __init__(self, environment: Mapping[str, str], log: Path, *command: str, ready: bool = True) -> None:
        self.port = free_port()
        self.log = log
        self._ready = ready
        self._environment = environment
        self._command = airflow(*command, "--host", LOOPBACK, "--port", str(self.port))

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                self._command,
                env=dict(self._environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        if self._ready:
            self.wait(lambda: request("GET", f"{self.url}/hooks/health").status == 200)
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(END_SECONDS)

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def terminate(self) -> int:
        """Send SIGTERM; return the exit code."""
        self.process.terminate()
        return self.process.wait(END_SECONDS)


class Gateway(Served):
    """``airflow hookline gateway`` with these options."""

    def __init__(self, environment: Mapping[str, str], log: Path, *options: str, ready: bool = True) -> None:
        super().__init__(environment, log, "hookline", "gateway", *options, ready=ready)


@dataclass
class Outcome:
    """What clients saw.

    :param accepted: delivery ids answered with 2xx.
    :param other: other status codes.
    :param cut: requests that were sent and got no whole answer.
    """

    accepted: set[str] = field(default_factory=set)
    other: list[int] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


class Clients:
    """Connections that send one event after the other, until the door is closed.

    :param enough: set once ``warm`` events were accepted.
    """

    def __init__(self, port: int, path: str, warm: int) -> None:
        self._port = port
        self._path = path
        self._warm = warm
        self.enough = asyncio.Event()
        self.outcome = Outcome()

    async def run(self, count: int) -> Outcome:
        await asyncio.gather(*(self._client(number) for number in range(count)))
        return self.outcome

    async def _client(self, number: int) -> None:
        sent = 0
        while True:
            try:
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
            except OSError:
                return  # refused: nothing new is taken
            more = True
            while more:
                sent += 1
                more = await self._exchange(reader, writer, f"{number}-{sent}")
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delivery: str
    ) -> bool:
        head = f"POST {self._path} HTTP/1.1\r\nHost: test\r\n"
        body = b'{"n": 1}'
        writer.write(f"{head}X-Delivery-Id: {delivery}\r\nContent-Length: 8\r\n\r\n".encode() + body)
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            self.outcome.cut.append(delivery)
            return False
        status = int(answer[9:12])
        if status in (200, 202):
            self.outcome.accepted.add(delivery)
        else:
            self.outcome.other.append(status)
        if len(self.outcome.accepted) >= self._warm:
            self.enough.set()
        return b"\r\nconnection: close\r\n" not in answer.lower()
