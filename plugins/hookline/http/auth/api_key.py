"""A key in a header or a query parameter of its own; the key is the Connection's password.

The header is its ``api_key_header``, the query parameter its ``key_query``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError
from hookline.http.headers import checked

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Require a key that its place can carry."""
    if not target.password:
        raise ConfigurationError("auth_type api_key needs the key in the password of the Connection")
    if not target.key_query:
        checked({target.api_key_header: target.password}, "password")
    elif not target.password.isprintable():
        raise ConfigurationError(
            "password holds a control character, often the line break at its end; remove it"
        )


def secrets(target: Target) -> tuple[str, ...]:
    """Return the key."""
    return (target.password,)


def authenticate(target: Target, request: Request) -> Request:
    """Add the key."""
    if target.key_query:
        return request.with_query(target.key_query, target.password)
    return request.with_header(target.api_key_header, target.password)
