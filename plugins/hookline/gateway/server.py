"""One process of the gateway: uvicorn's server, with an end that cuts nobody short."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
import uvicorn

from hookline.gateway.certificates import Certificates
from hookline.gateway.protocol import Config
from hookline.health import Health

log = structlog.get_logger(__name__)

TICKS_PER_LOOK = 10
"""uvicorn ticks ten times a second."""


class Server(uvicorn.Server):
    """Serves until SIGTERM; then it takes nothing new, answers what it has, and stores what it answered.

    :param health: what probes are told.
    :param delay: seconds between saying "not ready" to probes and taking nothing new.
    :param certificates: read again when they change; None without TLS.
    :param parent: process without which this one ends, or None.
    """

    config: Config

    def __init__(
        self,
        config: Config,
        *,
        health: Health,
        delay: float,
        certificates: Certificates | None,
        parent: int | None = None,
    ) -> None:
        super().__init__(config)
        self._health = health
        self._delay = delay
        self._certificates = certificates
        self._parent = parent
        self._handshakes: set[asyncio.Task[Any]] = set()

    async def on_tick(self, counter: int) -> bool:
        """Look after what changes outside (called ten times a second)."""
        if self._certificates is not None and counter % TICKS_PER_LOOK == 0:
            self._certificates.refresh()
        if self._parent is not None and os.getppid() != self._parent:  # it was killed, and could not say so
            self.should_exit = True
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin; what was loaded stays, and the garbage collector need not look at it again."""
        await super().startup([])
        loop = asyncio.get_running_loop()
        for door in sockets or []:  # here, because uvicorn leaves a handshake the minute that asyncio does
            server = await loop.create_server(
                self._protocol,
                sock=door,
                ssl=self.config.ssl,
                backlog=self.config.backlog,
                ssl_handshake_timeout=self._handshake_seconds,
            )
            self.servers.append(server)
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: probes first, then the door, then whoever is inside."""
        log.info("ending", connections=len(self.server_state.connections))
        self.config.leaving = True
        self._health.leave()
        await asyncio.sleep(self._delay)
        self._take_in(sockets or [])
        await super().shutdown(sockets)

    def _take_in(self, sockets: Sequence[socket.socket]) -> None:
        # Clients whose connection the system has accepted would be reset when the listening socket closes.
        doors = [listening.dup() for listening in sockets]
        for server in self.servers:
            server.close()
        for door in doors:
            door.setblocking(False)
            with door, suppress(BlockingIOError):
                while True:
                    self._welcome(door.accept()[0])

    def _welcome(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        client.setblocking(False)
        welcome = loop.connect_accepted_socket(
            self._protocol, client, ssl=self.config.ssl, ssl_handshake_timeout=self._handshake_seconds
        )
        task = loop.create_task(_quietly(welcome))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    @property
    def _handshake_seconds(self) -> float | None:
        return self.config.head_seconds if self.config.ssl else None

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def _wait_tasks_to_complete(self) -> None:
        if self._handshakes:
            await asyncio.wait(self._handshakes)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await super()._wait_tasks_to_complete()


async def _quietly(welcome: Any) -> None:
    with suppress(OSError):
        await welcome
