"""``/tokens``: the state of OAuth 2.0 Connections, and their consent; never a token."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from hookline.api import audit
from hookline.api.access import allows_connection, require_connection
from hookline.api.desk import Desk
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import CONFLICT, not_found
from hookline.api.route import Caller, Guarded
from hookline.exceptions import ConfigurationError
from hookline.protocol.problem import Rejected
from hookline.tokens import consent, store
from hookline.tokens.connection import callback_url, load

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Tokens"])
ConnId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
State = Literal["ready", "needs_consent", "failing", "unreadable", "never"]
NEVER = "never"


class Token(BaseModel):
    """What is kept for a Connection."""

    conn_id: str
    state: State
    """`never`: nobody has connected it yet."""
    scope: str | None
    obtained_at: datetime | None
    refreshed_at: datetime | None
    expires_at: datetime | None
    error: str | None


class TokenDetail(Token):
    """What is kept for a Connection, and what a provider has to know."""

    grant: str
    callback_url: str
    """To be registered with the provider."""


class Consent(BaseModel):
    """A consent that has begun."""

    url: str
    """Where a person consents."""
    callback_url: str
    expires_in: int
    """Seconds."""


@router.get("/tokens")
async def list_tokens(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[Token]:
    """List the Connections that tokens are kept for, by id."""
    after = named(cursor)

    def read(session: Session) -> Page[Token]:
        require_connection(user, "GET", None, session)
        names = sorted(name for name in store.kept() if name > after)
        items = [state_of(name) for name in names[:limit] if allows_connection(user, "GET", name, session)]
        return Page(items=items, next_cursor=naming(names[limit - 1]) if names[limit:] else None)

    return await Desk.of(request).read(read)


@router.get("/tokens/{conn_id}")
async def get_token(request: Request, user: Caller, conn_id: ConnId) -> TokenDetail:
    """Show the state of one Connection, connected or not."""

    def read(session: Session) -> TokenDetail:
        require_connection(user, "GET", conn_id, session)
        try:
            target = load(conn_id)
        except ConfigurationError as error:
            raise not_found(str(error)) from None
        return TokenDetail(**state_of(conn_id).model_dump(), grant=target.grant, callback_url=callback_url())

    return await Desk.of(request).read(read)


@router.post("/tokens/{conn_id}/consent", status_code=201)
async def begin_consent(request: Request, user: Caller, conn_id: ConnId) -> Consent:
    """Begin a consent; a person opens `url`, and the provider sends their browser back to `callback_url`."""

    def begin(session: Session) -> Consent:
        require_connection(user, "PUT", conn_id, session)
        try:
            url = consent.begin(conn_id)
        except ConfigurationError as error:
            raise Rejected(CONFLICT, str(error)) from None
        return Consent(url=url, callback_url=callback_url(), expires_in=store.CONSENT_SECONDS)

    desk = Desk.of(request)
    begun = await desk.read(begin)
    await desk.write(lambda session: audit.record(session, user, "begin_consent", conn_id=conn_id))
    return begun


def state_of(conn_id: str) -> Token:
    """Return what is kept for a Connection; blocking."""
    kept = store.read(conn_id)
    same = ("state", "scope", "obtained_at", "refreshed_at", "expires_at", "error")
    fields = {name: getattr(kept, name) for name in same} if kept else {**dict.fromkeys(same), "state": NEVER}
    return Token(conn_id=conn_id, **fields)
