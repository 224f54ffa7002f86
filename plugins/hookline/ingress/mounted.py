"""Inside the api-server: requests from other origins reach the sources, whatever Airflow's own CORS says.

``[api] access_control_allow_…`` puts starlette's ``CORSMiddleware`` outside of everything a plugin may add
(``airflow/api_fastapi/core_api/app.py``, ``init_config``). It answers every preflight by itself, and adds
``Access-Control-Allow-Credentials`` to every answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette._utils import get_route_path

if TYPE_CHECKING:
    from hookline.ingress.request import Receive, Scope, Send


class CrossOrigin:
    """Root middleware of a plugin: at the start it stands itself before all others.

    :param app: what Airflow has below this middleware.
    :param path: where the sources are, below Airflow's own path.
    """

    def __init__(self, app: Any, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI 3.0)."""
        if scope["type"] == "lifespan":
            root = scope["app"]
            root.middleware_stack = _Door(root.middleware_stack, self._app, self._path)
        await self._app(scope, receive, send)


class _Door:
    def __init__(self, others: Any, below: Any, path: str) -> None:
        self._others = others
        self._below = below
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = (
            scope["type"] == "http"
            and any(name == b"origin" for name, _ in scope["headers"])
            and get_route_path(scope).startswith(self._path)
        )
        await (self._below if ours else self._others)(scope, receive, send)
