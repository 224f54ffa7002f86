"""A secret in a field of the body, next to what is sent; for APIs that have no header for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Require a secret."""
    if not target.password:
        raise ConfigurationError("auth_type client_secret needs the secret in the password of the Connection")


def secrets(target: Target) -> tuple[str, ...]:
    """Return the secret."""
    return (target.password,)


def fields(target: Target) -> Mapping[str, str]:
    """Return the secret's field and, where the Connection has a login, the login's."""
    login = {target.login_field: target.login} if target.login else {}
    return {**login, target.credential_field: target.password}


def authenticate(_target: Target, request: Request) -> Request:
    """Return the request as it is: its body holds the fields."""
    return request
