"""From a Connection of Airflow's, read on whichever side, to a target."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http import CONN_TYPE
from hookline.http.target import Target, from_fields, opened


def target_of(
    conn_id: str,
    connection: Any,
    allowed_networks: str,
    *,
    mask: Callable[[Iterable[str]], None] = lambda _secrets: None,
    default_auth: str | None = None,
) -> Target:
    """Make the target.

    :param connection: of the Task SDK or of the metadata database; both name their fields alike.
    :param allowed_networks: ``[hookline] allowed_networks``.
    :param default_auth: ``auth_type`` of a Connection that names none; without it there has to be one.
    :param mask: hides secrets from the logs of the process.
    :raises ConfigurationError: the Connection cannot be used as it is; the message names it.
    """
    try:
        _require_type(connection)
        target = from_fields(
            host=connection.host,
            schema=connection.schema,
            port=connection.port,
            login=connection.login,
            password=connection.password,
            extra=_extra(connection.extra, default_auth),
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"Connection `{conn_id}`: {error}") from None
    mask(target.secrets)
    return opened(target, allowed_networks)


def _require_type(connection: Any) -> None:
    if connection.conn_type != CONN_TYPE:
        raise ConfigurationError(f"its type is {connection.conn_type!r}; make it {CONN_TYPE!r}")


def _extra(text: str | None, default_auth: str | None) -> Mapping[str, Any]:
    try:
        extra = json.loads(text or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError('its extra is not a JSON object such as {"auth_type": "none"}')
    if default_auth and not extra.get("auth_type"):
        return {**extra, "auth_type": default_auth}
    return extra
