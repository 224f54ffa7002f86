"""An OAuth 2.0 access token (RFC 6749) as bearer token; Hookline's server keeps it fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError
from hookline.http import url

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Require a client and the addresses that the grant needs."""
    if not target.login:
        raise ConfigurationError("auth_type oauth2 needs the client id in the login of the Connection")
    if not target.password and target.grant == "client_credentials":
        raise ConfigurationError(
            "grant client_credentials needs the client secret in the password of the Connection"
        )
    _require_url(target.oauth_exchange_url, "oauth_exchange_url", "Access token URL")
    if target.grant == "authorization_code":
        _require_url(target.oauth_authorize_url, "oauth_authorize_url", "Authorization URL")


def secrets(target: Target) -> tuple[str, ...]:
    """Return the client secret and the token."""
    return (target.password, target.access_token)


def authenticate(target: Target, request: Request) -> Request:
    """Add ``Authorization: Bearer …`` (RFC 6750 section 2.1).

    :raises ConfigurationError: there is no token yet.
    """
    if not target.access_token:
        raise ConfigurationError("there is no access token yet; see `airflow hookline connect`")
    return request.with_header("Authorization", f"Bearer {target.access_token}")


def _require_url(address: str, name: str, label: str) -> None:
    if not address:
        raise ConfigurationError(f"auth_type oauth2 needs the extra `{name}` ({label})")
    url.split(address, name)
