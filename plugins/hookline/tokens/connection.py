"""The Connection whose tokens are kept."""

from __future__ import annotations

import re

from airflow.models.crypto import get_fernet

from hookline import config
from hookline.connections import find
from hookline.exceptions import ConfigurationError
from hookline.http.connection import target_of
from hookline.http.target import Target

NAME = re.compile(r"[\w.:/-]{1,240}\Z", re.ASCII)
CALLBACK = "/hooks/oauth/callback"


def load(conn_id: str) -> Target:
    """Return the target of an OAuth 2.0 Connection, from wherever Airflow keeps it; blocking.

    :raises ConfigurationError: there is none of this name, or it is not for OAuth 2.0; the message names it.
        Airflow has no key to encrypt tokens with.
    :raises BackendUnavailable: a secrets backend does not answer.
    """
    connection = find(conn_id) if NAME.match(conn_id) else None
    if connection is None:
        raise ConfigurationError(f"There is no Connection `{conn_id[:100]}`.")
    target = target_of(conn_id, connection, config.get_text("allowed_networks"))
    if target.auth_type != "oauth2":
        raise ConfigurationError(f"Connection `{conn_id}`: its auth_type is {target.auth_type}, not oauth2.")
    if not get_fernet().is_encrypted:
        raise ConfigurationError(
            "Airflow has no [core] fernet_key, and tokens are kept encrypted only; set one."
        )
    return target


def callback_url() -> str:
    """Return the address that has to be registered with the provider."""
    from airflow.configuration import conf

    base = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    return f"{base.rstrip('/')}{CALLBACK}"


def connect_again(conn_id: str, reason: str) -> str:
    """Return the sentence that says who has to do what."""
    return (
        f"Connection `{conn_id}` has to be connected again ({reason}): an administrator runs "
        f"`airflow hookline connect {conn_id}` where Airflow's database is, and consents at the link it "
        f"prints (callback URL {callback_url()})."
    )


def other_key(conn_id: str) -> str:
    """Return the sentence for tokens that another Fernet key encrypted."""
    return (
        f"The tokens of Connection `{conn_id}` cannot be decrypted with any key of [core] fernet_key; "
        "nothing was deleted. Set fernet_key to the new key, a comma and the former one, and restart: "
        "Hookline then encrypts the tokens with the new key by itself. If the former key is lost, an "
        f"administrator runs `airflow hookline connect {conn_id}` where Airflow's database is."
    )
