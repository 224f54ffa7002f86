"""A key in a header of its own; the key is the Connection's password, the header its ``api_key_header``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError
from hookline.http.headers import checked

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Require a key that a header can carry."""
    if not target.password:
        raise ConfigurationError("auth_type api_key needs the key in the password of the Connection")
    checked({target.api_key_header: target.password}, "password")


def secrets(target: Target) -> tuple[str, ...]:
    """Return the key."""
    return (target.password,)


def authenticate(target: Target, request: Request) -> Request:
    """Add the key's header."""
    return request.with_header(target.api_key_header, target.password)
