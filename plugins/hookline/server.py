"""The web application: public routes, health, and the loops in its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Mount

from hookline import __version__, config, database
from hookline.dispatch.loop import Dispatcher
from hookline.health import Health
from hookline.inbox.group_commit import GroupCommit
from hookline.ingress.app import Ingress, Limits
from hookline.ingress.connections import load
from hookline.ingress.sources import Sources

PREFIX = "/hooks"


def create_app(prefix: str = "", *, loops: bool | None = None) -> FastAPI:
    """Return the application; its lifespan runs once.

    :param prefix: path that nobody before it takes away: empty when mounted under ``/hooks``, ``/hooks``
        when it stands alone.
    :param loops: whether the lifespan runs the dispatcher; by default ``[hookline] run_loops``.
    """
    dispatcher = Dispatcher(
        poll=config.get_float("poll_interval"), hold_poll=config.get_float("hold_interval")
    )
    inbox = GroupCommit(on_stored=dispatcher.wake)
    sources = Sources(load, ttl=config.get_float("source_cache_seconds"))
    limits = Limits(body_bytes=config.get_int("max_body_bytes"), seconds=config.get_float("request_timeout"))
    health = Health()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        health.tasks.append(asyncio.create_task(inbox.run(), name="inbox"))
        if config.get_bool("run_loops") if loops is None else loops:
            health.tasks.append(asyncio.create_task(dispatcher.run(), name="dispatch"))
        try:
            yield
        finally:
            for task in health.tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            sources.close()
            database.dispose()

    app = FastAPI(
        title="Hookline",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    # Airflow enters the lifespans of FastAPI instances only; inside, the hot route is bare ASGI.
    app.router.routes.append(Mount(f"{prefix}/in", app=Ingress(sources, inbox, limits)))
    app.add_api_route(f"{prefix}/health", health.ready, methods=["GET"])
    app.add_api_route(f"{prefix}/health/live", health.live, methods=["GET"])
    app.add_exception_handler(HTTPException, _problem)
    return app


async def _problem(_request: Request, error: Any) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "title": error.detail, "status": error.status_code},
        status_code=error.status_code,
        headers=error.headers,
        media_type="application/problem+json",
    )
