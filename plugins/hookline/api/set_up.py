"""``/sources/{name}/set-up``: what to do at the sender, and a command line that does what it would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from hookline import catalog
from hookline.api.access import require_connection
from hookline.api.desk import Desk
from hookline.api.fields import Name
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded
from hookline.api.sources import SourceName, url_of
from hookline.api.trying import usable
from hookline.catalog import set_up
from hookline.exceptions import ConfigurationError
from hookline.protocol.command import Event, command

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.protocol.source import Source

router = APIRouter(route_class=Guarded, tags=["Sources"])


class SourceSetUp(BaseModel):
    """What to do at the sender; nothing of a secret."""

    title: str
    """Who sends."""
    documentation: str
    steps: list[str]
    command: str
    """Lines for a shell; with the variable `SECRET` they sign as the sender does. Empty where none can."""
    takes_secret: bool = Field(description="Whether the command reads the variable `SECRET`")
    hint: str
    """What to write into the command first, or why there is none; empty for nothing."""


@router.get("/sources/{name}/set-up")
async def get_set_up(
    request: Request, user: Caller, name: SourceName, event: Name | None = None
) -> SourceSetUp:
    """Show how to set the sender up, and a command line that sends the catalog's sample, or a least event."""

    def allow(session: Session) -> None:
        require_connection(user, "GET", name, session)

    await Desk.of(request).read(allow)
    return _said(await run_in_threadpool(usable, name), event)


def _said(source: Source, event: str | None) -> SourceSetUp:
    how = set_up.of(source.scheme.name)
    text, takes_secret, hint = "", False, ""
    try:
        made = command(source, url_of(source.name), _known(event), how.example)
        text, takes_secret, hint = made.text, made.takes_secret, made.missing
    except ConfigurationError as error:
        hint = f"{error} Send a test from its page, or try the Dag with another source."
    return SourceSetUp(
        title=how.title,
        documentation=how.documentation,
        steps=list(how.steps),
        command=text,
        takes_secret=takes_secret,
        hint=hint,
    )


def _known(name: str | None) -> Event | None:
    if name is None:
        return None
    known = catalog.find(name)
    if known is None:
        raise not_found(f"The catalog has no event `{name}`.")
    body = known.body(known.sample).decode("ascii")
    return Event(body, known.event_path, known.headers, known.content_type)
