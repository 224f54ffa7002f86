"""The application below ``/hooks/api/v1``; part of what the api-server serves, never of a gateway."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse

from hookline import __version__
from hookline.api import (
    calls,
    catalog,
    connections,
    deliveries,
    endpoints,
    event_dags,
    events,
    held,
    holds,
    jobs,
    overview,
    problems,
    replays,
    runs,
    set_up,
    sources,
    step_webhooks,
    tokens,
    trying,
)
from hookline.api.desk import Desk
from hookline.api.route import Guarded
from hookline.dispatch.dags import EventDags

PARTS = (
    overview,
    events,
    held,
    jobs,
    holds,
    runs,
    replays,
    sources,
    set_up,
    trying,
    deliveries,
    endpoints,
    step_webhooks,
    event_dags,
    connections,
    calls,
    tokens,
    catalog,
)


def create() -> FastAPI:
    """Return the application; its ``state.desk`` has threads to be closed."""
    app = FastAPI(
        title="Hookline management API",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.desk, app.state.dags = Desk(), EventDags()
    app.state.calls = asyncio.Semaphore(calls.MOST)
    problems.install(app)
    for router in (*(part.router for part in PARTS), _description(app)):
        app.include_router(router, responses=problems.responses())
    return app


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document."""
    made = app.openapi()
    made["components"]["schemas"].setdefault("Problem", problems.SCHEMA)
    return made


def _description(app: FastAPI) -> APIRouter:
    router = APIRouter(route_class=Guarded)

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        """Return what this API is."""
        base = request.scope.get("root_path", "")
        return JSONResponse({**document(app), "servers": [{"url": base}]})

    return router
