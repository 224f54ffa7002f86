"""From the id of a Connection to the target of a call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hookline.exceptions import ConfigurationError
from hookline.http import CONN_TYPE
from hookline.http.target import Target, anonymous, from_fields, opened

if TYPE_CHECKING:
    from airflow.sdk import Connection


def of_connection(conn_id: str, connection: Connection) -> Target:
    """Make the target; its secrets are masked in every log from here on.

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
            extra=_extra(connection.extra),
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"Connection `{conn_id}`: {error}") from None
    mask(target.secrets)
    return _opened(target)


def of_url(url: str) -> Target:
    """Make the target of a call that has no Connection.

    :raises ConfigurationError: see :func:`hookline.http.url.split`.
    """
    return _opened(anonymous(url))


def mask(secrets: Iterable[str]) -> None:
    """Have Airflow replace ``secrets`` by ``***`` in this process's logs."""
    from airflow.sdk.log import mask_secret

    for secret in filter(None, secrets):
        mask_secret(secret)


def _opened(target: Target) -> Target:
    from airflow.sdk.configuration import conf

    return opened(target, conf.get("hookline", "allowed_networks", fallback=""))


def _require_type(connection: Connection) -> None:
    if connection.conn_type != CONN_TYPE:
        raise ConfigurationError(f"its type is {connection.conn_type!r}; make it {CONN_TYPE!r}")


def _extra(text: str | None) -> dict[str, Any]:
    try:
        extra = json.loads(text or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError('its extra is not a JSON object such as {"auth_type": "none"}')
    return extra
