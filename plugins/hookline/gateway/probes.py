"""Health over HTTP for a process that serves nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hookline.health import Health

BACKLOG = 16
CONNECTIONS = 32


class Probes(uvicorn.Server):
    """Answers ``/hooks/health`` and ``/hooks/health/live`` on the sockets given to ``serve``.

    Signals are left to whoever runs it, who cancels it in the end.
    """

    def __init__(self, health: Health) -> None:
        async def ready(_request: Request) -> Response:
            return await health.ready()

        async def live(_request: Request) -> Response:
            return await health.live()

        app = Starlette(routes=[Route("/hooks/health", ready), Route("/hooks/health/live", live)])
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                limit_concurrency=CONNECTIONS,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield
