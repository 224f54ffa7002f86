"""No authentication; it has to be asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Refuse a login or password that would silently not be used."""
    if target.login or target.password:
        raise ConfigurationError(
            "auth_type is none but login or password is set; choose basic, bearer or api_key, or empty them"
        )


def secrets(_target: Target) -> tuple[str, ...]:
    """Nothing is secret."""
    return ()


def authenticate(_target: Target, request: Request) -> Request:
    """Return the request as it is."""
    return request
