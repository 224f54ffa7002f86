"""What each route does before it looks at the request: who calls, and from where."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user, oauth2_scheme
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials
from starlette.responses import Response

from hookline.api.problems import BODY_TOO_LARGE, CROSS_ORIGIN
from hookline.ingress.answer import PUBLIC
from hookline.protocol.problem import Rejected

NOWHERE = ("", "", None)
SAFE = frozenset({"GET", "HEAD"})
MAX_BODY = 1024 * 1024
NOT_SAME_ORIGIN = (
    "A call that changes something comes from a page of this Airflow, or has `Authorization: Bearer`."
)


class Guarded(APIRoute):
    """A route that knows its caller before it parses anything.

    Source: ``airflow/api_fastapi/core_api/security.py``.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind ours."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            bearer = await bearer_scheme(request)
            request.state.caller = await get_user(request, None, bearer)
            if request.method not in SAFE:
                _require_intent(request, bearer)
                await _require_small(request)
            response = await handle(request)
            response.headers.update(PUBLIC)
            return response

        return guarded


async def caller(
    request: Request,
    _oauth: Annotated[Any, Depends(oauth2_scheme)],
    _bearer: Annotated[Any, Depends(bearer_scheme)],
) -> BaseUser:
    """Return who calls; the parameters are for the OpenAPI document."""
    user: BaseUser = request.state.caller
    return user


Caller = Annotated[BaseUser, Depends(caller)]


def _require_intent(request: Request, bearer: HTTPAuthorizationCredentials | None) -> None:
    # A browser sends the cookie with whatever page asked; a bearer token it sends for its own script only.
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    explicit = bearer is not None and bearer.scheme.lower() == "bearer"
    # Where everybody is an admin, Airflow itself adds the token (auth/managers/simple/middleware.py).
    if explicit and (site is origin is None or not _everybody_is_admin()):
        return
    # No page can set the former; browsers leave it out where there is no TLS (W3C Fetch Metadata, section 2).
    if site != "same-origin" and (site is not None or _origin(origin or "") not in _own(request)):
        raise Rejected(CROSS_ORIGIN, NOT_SAME_ORIGIN)


def _everybody_is_admin() -> bool:
    from airflow.configuration import conf

    return conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False)


def _own(request: Request) -> set[tuple[str, str, int | None]]:
    from airflow.configuration import conf

    addresses = (str(request.base_url), conf.get("api", "base_url", fallback="") or "")
    return {_origin(address) for address in addresses if address} - {NOWHERE}


def _origin(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return NOWHERE
    return parts.scheme, parts.hostname or "", port


async def _require_small(request: Request) -> None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise Rejected(BODY_TOO_LARGE, f"The API takes bodies of at most {MAX_BODY} bytes.")
        parts.append(part)
    request._body = b"".join(parts)  # noqa: SLF001  where starlette keeps what it has read
