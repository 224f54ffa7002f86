"""The application below ``/hooks/console``; pages are filled by the management API's own functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from hookline.connections import BackendUnavailable
from hookline.console import (
    connections,
    deliveries,
    event_dags,
    events,
    jobs,
    overview,
    replays,
    sources,
    step_webhooks,
    tabs,
)
from hookline.console.page import PROTECTED, failed
from hookline.protocol.problem import Rejected

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope


PAGES = (overview, sources, events, jobs, replays, deliveries, step_webhooks, connections, event_dags, tabs)
STATIC = Path(__file__).parent / "static"


class _Static(StaticFiles):
    """Files of the pages; nothing in them is anybody's own."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return one of them, to be asked for again when it may have changed."""
        response = await super().get_response(path, scope)
        response.headers.update(PROTECTED)
        response.headers["cache-control"] = "no-cache"
        return response


def create(managed: FastAPI) -> FastAPI:
    """Return the application.

    :param managed: the management API's application, with which this one shares its ``state``: the desk,
        which whoever made it closes, and what is known of Dags.
    """
    app = FastAPI(title="Hookline console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state = managed.state
    for kind in (Rejected, HTTPException, RequestValidationError, SQLAlchemyError, BackendUnavailable):
        app.add_exception_handler(kind, failed)
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    return app
