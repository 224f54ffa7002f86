"""One page: who may see it, how it is written, what it may do in a browser.

Values of events are text to the templates, whatever they hold; no script stands in a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pendulum
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hookline.api.route import Guarded
from hookline.protocol.problem import Rejected

if TYPE_CHECKING:
    from datetime import datetime

PROTECTED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every page: its own script and style, no other's, and in no other site's frame."""
MOUNT = "/hooks/console"


class Page(Guarded):
    """A route to a page: strangers are sent to log in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the management API's handler, with refusals as pages."""
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                response = await handle(request)
            except HTTPException as error:
                if error.status_code != HTTPStatus.UNAUTHORIZED:
                    raise
                response = RedirectResponse(f"{airflow(request)}/auth/login?{_back(request)}", 303)
            response.headers.update(PROTECTED)
            return response

        return page


def airflow(request: Request) -> str:
    """Return the path that Airflow itself is served under; empty at the root of its host."""
    return str(request.scope.get("root_path", "")).removesuffix(MOUNT)


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    :param template: name of a file in ``templates/``.
    """
    base = airflow(request)
    text = _PAGES.get_template(template).render(
        airflow=base,
        root=f"{base}{MOUNT}",
        api=f"{base}/hooks/api/v1",
        path=request.url.path.partition(MOUNT)[2],
        query=dict(request.query_params),
        now=pendulum.now("UTC"),
        **values,
    )
    return HTMLResponse(text, status, headers=dict(PROTECTED))


async def failed(request: Request, error: Any) -> Response:
    """Return a page that says what is wrong."""
    match error:
        case Rejected():
            status, title, detail = error.problem.status, error.problem.title, error.detail
        case HTTPException():
            status, title, detail = error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail)
        case RequestValidationError():
            status, title, detail = 404, "There is no such page", "Look at its address."
        case _:
            status, title, detail = 503, "The database does not answer", "Open the page again in a moment."
    return render(request, "failed.html", status=status, title=title, detail=detail)


def asked(model: Any, request: Request) -> tuple[Any, dict[str, str]]:
    """Read a filter from the query; what is left empty is not asked for.

    :param model: of the management API.
    :returns: the filter, and what is wrong with fields that were left out of it.
    """
    given = {
        name: value for name, value in request.query_params.items() if value and name in model.model_fields
    }
    wrong: dict[str, str] = {}
    for _ in range(2):
        try:
            return model(**{name: value for name, value in given.items() if name not in wrong}), wrong
        except ValidationError as error:
            wrong = {str(one["loc"][0]): str(one["msg"]) for one in error.errors() if one["loc"]}
    return model(), wrong


def _back(request: Request) -> str:
    return urlencode({"next": str(request.url)})


def _ago(moment: datetime | None) -> str:
    return pendulum.instance(moment).diff_for_humans() if moment else "never"


def _instant(moment: datetime | None) -> str:
    return pendulum.instance(moment).in_timezone("UTC").format("YYYY-MM-DD HH:mm:ss") if moment else ""


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _with(query: dict[str, str], **changed: str | None) -> str:
    kept = {name: value for name, value in {**query, **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else "?"


_PAGES = Environment(
    loader=PackageLoader("hookline.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters |= {"ago": _ago, "instant": _instant, "pretty": _pretty, "segment": _segment, "with": _with}
