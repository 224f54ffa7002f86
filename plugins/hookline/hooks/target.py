"""From the id of a Connection to the target of a call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hookline.http.connection import target_of
from hookline.http.target import Target, anonymous, opened

if TYPE_CHECKING:
    from airflow.sdk import Connection


def of_connection(conn_id: str, connection: Connection) -> Target:
    """Make the target; its secrets are masked in every log from here on.

    :raises ConfigurationError: the Connection cannot be used as it is; the message names it.
    """
    return target_of(conn_id, connection, _allowed_networks(), mask=mask)


def of_url(url: str) -> Target:
    """Make the target of a call that has no Connection.

    :raises ConfigurationError: see :func:`hookline.http.url.split`.
    """
    return opened(anonymous(url), _allowed_networks())


def mask(secrets: Iterable[str]) -> None:
    """Have Airflow replace ``secrets`` by ``***`` in this process's logs."""
    from airflow.sdk.log import mask_secret

    for secret in filter(None, secrets):
        mask_secret(secret)


def _allowed_networks() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("hookline", "allowed_networks", fallback=""))
