"""Refusals of the management API, as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from hookline.connections import BackendUnavailable
from hookline.ingress.answer import PUBLIC
from hookline.protocol.problem import Problem, Rejected

MEDIA_TYPE = "application/problem+json"
ABOUT_BLANK = "about:blank"

INVALID = Problem("invalid", 422, "The request does not fit the API")
FORBIDDEN = Problem("forbidden", 403, "Airflow gives you no right to this")
CROSS_ORIGIN = Problem("cross-origin", 403, "The call does not come from Airflow's own pages")
NOT_FOUND = Problem("not-found", 404, "There is no such thing, or you may not see it")
CONFLICT = Problem("conflict", 409, "It is not in a state for this")
BODY_TOO_LARGE = Problem("body-too-large", 413, "The body is larger than the API takes")
TOO_SLOW = Problem("too-slow", 503, "The search takes too long")
BUSY = Problem("busy", 503, "The server cannot answer now")
STATUSES = (400, 401, 403, 404, 409, 413, 422, 503)
"""What any route may answer beside its own."""

RETRY = {"Retry-After": "5"}
_CANCELLED = "57014"
"""SQLSTATE of a statement that ran into its time limit (PostgreSQL, appendix A)."""


def forbidden(detail: str) -> Rejected:
    """Return the refusal of somebody who lacks a right."""
    return Rejected(FORBIDDEN, detail)


def not_found(detail: str) -> Rejected:
    """Return the refusal for what is not there, or not to be seen."""
    return Rejected(NOT_FOUND, detail)


def install(app: FastAPI) -> None:
    """Have everything that goes wrong answered as a problem."""
    app.add_exception_handler(Rejected, _rejected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(BackendUnavailable, _backend)


def responses() -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of refusals."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in STATUSES}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def _answer(body: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(
        body, status_code=body["status"], headers={**headers, **PUBLIC}, media_type=MEDIA_TYPE
    )


async def _rejected(_request: Request, error: Any) -> JSONResponse:
    return _answer(error.body(), error.headers)


async def _http(_request: Request, error: Any) -> JSONResponse:
    status, detail = error.status_code, str(error.detail)
    title = HTTPStatus(status).phrase
    headers = dict(error.headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return _answer({"type": ABOUT_BLANK, "title": title, "status": status, "detail": detail}, headers)


async def _invalid(_request: Request, error: Any) -> JSONResponse:
    errors = [
        {"pointer": "".join(f"/{part}" for part in one["loc"]), "message": str(one["msg"])}
        for one in error.errors()[:20]
    ]
    rejected = Rejected(INVALID, "`errors` names what is wrong.", members={"errors": errors})
    return _answer(rejected.body(), {})


async def _database(_request: Request, error: Any) -> JSONResponse:
    if isinstance(error, DBAPIError) and _ran_out(error.orig):
        detail = "Narrow it: a shorter time, one source, one type."
        return _answer(Rejected(TOO_SLOW, detail).body(), RETRY)
    if isinstance(error, PoolTimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return _answer(Rejected(BUSY, "Ask again in a moment.").body(), RETRY)
    return _answer(Rejected(BUSY, f"The metadata database says {type(error).__name__}.").body(), RETRY)


async def _backend(_request: Request, error: Any) -> JSONResponse:
    return _answer(Rejected(BUSY, f"A secrets backend does not answer: {error}").body(), RETRY)


def _ran_out(original: Any) -> bool:
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return state == _CANCELLED or str(original) == "interrupted"
