"""``POST /connections/{conn_id}/calls``: try a Connection, or see what would be sent, without its secrets."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from hookline import config
from hookline.api import audit
from hookline.api.access import require_connection
from hookline.api.desk import Desk
from hookline.api.fields import WITHOUT_NUL
from hookline.api.problems import BUSY, CONFLICT, RETRY, not_found
from hookline.api.route import Caller, Guarded
from hookline.api.tokens import ConnId
from hookline.connections import find
from hookline.delivery.targets import with_token
from hookline.exceptions import CallError, ConfigurationError
from hookline.http import CONN_TYPE, headers
from hookline.http.async_transport import AsyncTransport
from hookline.http.call import Call
from hookline.http.connection import target_of
from hookline.protocol.problem import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from hookline.http.body import Content
    from hookline.http.request import Request as Outgoing
    from hookline.http.response import Received
    from hookline.http.target import Target

router = APIRouter(route_class=Guarded, tags=["Connections"])
SECONDS = 15.0
"""A call may take; whoever made it waits for it."""
MOST = 4
"""Calls at a time."""
SHOWN = 8192
"""Characters of a body."""
NO_TOKEN = "(access token)"  # noqa: S105  stands where one would


class WantedCall(BaseModel):
    """What to send."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = Field("", max_length=2000, pattern=WITHOUT_NUL, description="Below the Connection's address")
    data: Any = Field(None, description="Sent as JSON where it is given")
    dry_run: bool = Field(False, description="Show the request, and send nothing")


class Sent(BaseModel):
    """The request; what is secret stands as `***`."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    """Its beginning."""


class Called(BaseModel):
    """A request, and what became of it."""

    request: Sent
    status: int | None
    """None where nothing was sent, or no answer came."""
    headers: dict[str, str] | None
    body: str | None
    """Its beginning."""
    seconds: float | None
    error: str | None


@router.post("/connections/{conn_id}/calls")
async def call_connection(
    request: Request, user: Caller, conn_id: ConnId, wanted: Annotated[WantedCall, Body()]
) -> Called:
    """Call a system as a task would, once, without following redirects; it takes the right to change it."""

    def prepare(session: Session) -> tuple[Target, Outgoing]:
        require_connection(user, "PUT", conn_id, session)
        try:
            target = _target(conn_id, needs_token=not wanted.dry_run)
            made = Call(wanted.method, wanted.path, **_data(wanted)).request(target)
        except ConfigurationError as error:
            raise Rejected(CONFLICT, str(error)) from None
        return target, made

    desk = Desk.of(request)
    target, made = await desk.read(prepare)
    secrets = target.secrets | made.secrets
    shown = Sent(
        method=made.method,
        url=headers.redacted(made.url, secrets),
        headers=_fields(made.headers, secrets),
        body=_written(made.body, secrets),
    )
    if wanted.dry_run:
        return Called(request=shown, status=None, headers=None, body=None, seconds=None, error=None)
    said = {"conn_id": conn_id, "method": wanted.method, "path": wanted.path.partition("?")[0]}
    await desk.write(lambda session: audit.record(session, user, "call_connection", **said))
    places: asyncio.Semaphore = request.app.state.calls
    if places.locked():
        raise Rejected(BUSY, f"{MOST} calls are under way; try again in a moment.", headers=RETRY)
    async with places:
        return await _carried_out(made, target, shown, secrets)


async def _carried_out(made: Outgoing, target: Target, shown: Sent, secrets: frozenset[str]) -> Called:
    began, answer, error = time.monotonic(), None, None
    try:
        async with asyncio.timeout(SECONDS), AsyncTransport() as transport:
            answer = await transport.send(made, target, excerpt=2 * SHOWN)
    except TimeoutError:
        error = f"There was no answer within {SECONDS:.0f} s."
    except (CallError, ConfigurationError) as problem:
        error = headers.redacted(str(problem), secrets)
    return Called(
        request=shown,
        status=answer.status if answer else None,
        headers=_fields(answer.headers, secrets) if answer else None,
        body=_read(answer, secrets) if answer else None,
        seconds=round(time.monotonic() - began, 3),
        error=error,
    )


def _target(conn_id: str, *, needs_token: bool) -> Target:
    connection = find(conn_id)
    if connection is None or connection.conn_type != CONN_TYPE:
        raise not_found(f"No Connection of type `{CONN_TYPE}` is called `{conn_id}`.")
    target = target_of(conn_id, connection, config.get_text("allowed_networks"))
    if target.auth_type == "oauth2" and needs_token:
        target = with_token(conn_id, target)
    elif target.auth_type == "oauth2":
        target = replace(target, access_token=target.access_token or NO_TOKEN)
    return replace(target, max_redirects=0)


def _data(wanted: WantedCall) -> dict[str, Any]:
    return {"body": wanted.data} if "data" in wanted.model_fields_set else {}


def _fields(fields: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    return {name: headers.redacted(value, secrets) for name, value in headers.masked(fields).items()}


def _written(content: Content | None, secrets: Iterable[str]) -> str | None:
    if content is None or content.data is None:
        return None
    return headers.redacted(content.data.decode("utf-8", "replace"), secrets)[:SHOWN]


def _read(answer: Received, secrets: Iterable[str]) -> str:
    # A secret that the other side echoes is not shown either.
    return headers.redacted(answer.text(), secrets)[:SHOWN] if answer.content else ""
