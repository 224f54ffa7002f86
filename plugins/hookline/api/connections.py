"""``/connections``: the systems that Dags and step webhooks call, and trying one; no secret of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from hookline import config
from hookline.api import tokens
from hookline.api.access import allows_connection, require_connection
from hookline.api.desk import Desk
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded
from hookline.api.tokens import ConnId, Token
from hookline.connections import BackendUnavailable, find, listed
from hookline.exceptions import ConfigurationError
from hookline.http import CONN_TYPE
from hookline.http.connection import target_of
from hookline.tokens.connection import callback_url

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(route_class=Guarded, tags=["Connections"])
OAUTH2 = "oauth2"


class Target(BaseModel):
    """A Connection of type ``http_connector``; no secret of it."""

    conn_id: str
    address: str | None
    """Scheme, host and port."""
    auth_type: str | None
    """None where it cannot be read."""
    error: str | None
    """Why it cannot be called."""
    token: Token | None
    """What is kept for it, with OAuth 2.0."""


class TargetDetail(Target):
    """A Connection, and what an OAuth 2.0 provider has to know."""

    grant: str | None
    callback_url: str | None
    """To be registered with the provider."""


@router.get("/connections")
async def list_connections(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[Target]:
    """List Connections to other systems, by id; those in a secrets backend cannot be listed."""
    after = named(cursor)

    def read(session: Session) -> Page[Target]:
        require_connection(user, "GET", None, session)
        names = sorted(name for name in listed(CONN_TYPE) if name > after)
        items = [_target(name) for name in names[:limit] if allows_connection(user, "GET", name, session)]
        return Page(
            items=[Target(**item.model_dump()) for item in items if item],
            next_cursor=naming(names[limit - 1]) if names[limit:] else None,
        )

    return await Desk.of(request).read(read)


@router.get("/connections/{conn_id}")
async def get_connection(request: Request, user: Caller, conn_id: ConnId) -> TargetDetail:
    """Show one Connection, wherever it is kept."""

    def read(session: Session) -> TargetDetail:
        require_connection(user, "GET", conn_id, session)
        found = _target(conn_id)
        if found is None:
            raise not_found(f"No Connection of type `{CONN_TYPE}` is called `{conn_id}`.")
        return found

    return await Desk.of(request).read(read)


def _target(conn_id: str) -> TargetDetail | None:
    fields: dict[str, Any] = {**dict.fromkeys(TargetDetail.model_fields), "conn_id": conn_id}
    try:
        connection = find(conn_id)
        if connection is None or connection.conn_type != CONN_TYPE:
            return None
        target = target_of(conn_id, connection, config.get_text("allowed_networks"))
    except (ConfigurationError, BackendUnavailable) as problem:
        return TargetDetail(**fields | {"error": str(problem)})
    fields |= {"address": str(target.origin), "auth_type": target.auth_type}
    if target.auth_type == OAUTH2:
        fields |= {"grant": target.grant, "callback_url": callback_url(), "token": tokens.state_of(conn_id)}
    return TargetDetail(**fields)
