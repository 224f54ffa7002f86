"""``POST /sources`` and ``…/samples``: make a source, and send to it what its sender would."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from airflow.models.connection import Connection
from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from hookline import catalog
from hookline.api import audit
from hookline.api.access import require_connection
from hookline.api.desk import Desk
from hookline.api.fields import Name
from hookline.api.problems import CONFLICT, INVALID, not_found
from hookline.api.route import Caller, Guarded
from hookline.api.sources import SourceName
from hookline.exceptions import ConfigurationError
from hookline.ingress.connections import load
from hookline.protocol import sending
from hookline.protocol.problem import Rejected
from hookline.protocol.source import parse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.protocol.source import Source

router = APIRouter(route_class=Guarded, tags=["Sources"])
SECRET_BYTES = 32
ADDRESS = "http://hookline/hooks/in"
Text = Annotated[str, Field(max_length=5000)]


class NewSource(BaseModel):
    """A source to be."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]*$", max_length=100)]
    auth_type: Annotated[str, Field(max_length=100)]
    secret: Text | None = Field(None, description="Made by the server where it is left out")
    login: Text | None = None
    extra: dict[str, Any] = Field({}, description="Further options, as in `docs/reference/sources.md`")


class MadeSource(BaseModel):
    """A source that was made."""

    name: str
    secret: str | None
    """The secret that the server made; it is not shown again."""


class Sample(BaseModel):
    """Which sample."""

    model_config = ConfigDict(extra="forbid")

    event: Name
    """Name in the catalog."""


class SampleAnswer(BaseModel):
    """What a sender would have been answered."""

    status: int
    answer: Any


@router.post("/sources", status_code=201)
async def make_source(request: Request, user: Caller, wanted: Annotated[NewSource, Body()]) -> MadeSource:
    """Make a source: an Airflow Connection of type `webhook`."""
    made = None
    if wanted.secret is None and wanted.auth_type != "none":
        made = secrets.token_urlsafe(SECRET_BYTES)
    secret = wanted.secret or made
    extra = {**wanted.extra, "auth_type": wanted.auth_type}

    def make(session: Session) -> MadeSource:
        require_connection(user, "POST", wanted.name, session)
        try:
            if load(wanted.name) is not None:
                raise Rejected(CONFLICT, f"There is a source `{wanted.name}`; change its Connection.")
            parse(wanted.name, wanted.login, secret, extra)
        except ConfigurationError as error:
            raise Rejected(INVALID, str(error)) from None
        if session.query(Connection).filter_by(conn_id=wanted.name).first() is not None:
            raise Rejected(CONFLICT, f"There is a Connection `{wanted.name}` of another type.")
        session.add(
            Connection(
                conn_id=wanted.name,
                conn_type="webhook",
                login=wanted.login,
                password=secret,
                extra=json.dumps(extra),
            )
        )
        audit.record(session, user, "make_source", source=wanted.name, auth_type=wanted.auth_type)
        return MadeSource(name=wanted.name, secret=made)

    return await Desk.of(request).write(make)


@router.post("/sources/{name}/samples")
async def send_sample(
    request: Request, user: Caller, name: SourceName, wanted: Annotated[Sample, Body()]
) -> SampleAnswer:
    """Send the catalog's sample of an event, signed as its sender would; what it starts is real."""

    def allow(session: Session) -> None:
        require_connection(user, "PUT", name, session)
        audit.record(session, user, "send_sample", source=name, type=wanted.event)

    await Desk.of(request).write(allow)
    known = catalog.find(wanted.event)
    if known is None:
        raise not_found(f"The catalog has no event `{wanted.event}`.")
    source = await run_in_threadpool(usable, name)
    url = "/".join(filter(None, [ADDRESS, name, known.event_path]))
    body = known.body(known.sample)
    if known.content_type == "application/json":
        body += sending.difference()
    try:
        headers = sending.signed(
            source, url, {"Content-Type": known.content_type, **known.headers}, body, path=known.event_path
        )
    except ConfigurationError as error:
        raise Rejected(CONFLICT, f"`{name}` cannot be sent to from here: {error}") from None
    # Not over the network: whatever stands before this server, the request comes to the ingress as it is.
    through = httpx.ASGITransport(app=request.app.state.ingress)
    async with httpx.AsyncClient(transport=through) as client:
        answer = await client.post(url, content=body, headers=headers)
    return SampleAnswer(status=answer.status_code, answer=_shown(answer))


def usable(name: str) -> Source:
    """Return a source; blocking.

    :raises Rejected: there is none, or its Connection cannot be used.
    """
    try:
        source = load(name)
    except ConfigurationError as error:
        raise Rejected(CONFLICT, f"`{name}` cannot be used: {error}") from None
    if source is None:
        raise not_found(f"No Connection of type `webhook` is called `{name}`.")
    return source


def _shown(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:1000]
