"""What can be said of a step webhook's Connection before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline import config
from hookline.connections import BackendUnavailable, find
from hookline.delivery.targets import DEFAULT_AUTH
from hookline.exceptions import ConfigurationError
from hookline.http.connection import target_of

if TYPE_CHECKING:
    from hookline.steps.definition import StepWebhook

Known = dict[tuple[str, str | None], str]


def dangers(webhook: StepWebhook, known: Known | None = None) -> str:
    """Return what is wrong with the Connection, or dangerous about it; empty if nothing is. Blocking.

    :param known: what was said of others, so that many webhooks of one Connection ask for it once.
    """
    if not webhook.conn_id:
        return ""
    known = {} if known is None else known
    key = (webhook.conn_id, webhook.auth)
    if key not in known:
        known[key] = _of_connection(*key)
    return known[key]


def _of_connection(conn_id: str, auth: str | None) -> str:
    try:
        connection = find(conn_id)
        if connection is None:
            return f"there is no Connection `{conn_id}`"
        networks = config.get_text("allowed_networks")
        target = target_of(conn_id, connection, networks, default_auth=auth or DEFAULT_AUTH)
    except (ConfigurationError, BackendUnavailable) as error:
        return str(error)
    if auth is not None and auth != target.auth_type:
        return f"it wants auth {auth}, and the Connection `{conn_id}` has {target.auth_type}"
    if target.auth_type != "none" and target.origin.scheme == "http":
        return f"the Connection `{conn_id}` sends its credentials over plain HTTP; make its scheme https"
    return ""
