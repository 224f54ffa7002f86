"""Bearer token, RFC 6750 section 2.1; the token is the Connection's password.

Tokens outside the RFC's ``b64token`` are in use (Laravel Sanctum's hold a ``|``), so any visible ASCII goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target

_VISIBLE = re.compile(r"[\x21-\x7e]+")


def check(target: Target) -> None:
    """Require a token without spaces or line breaks."""
    if not target.password:
        raise ConfigurationError("auth_type bearer needs the token in the password of the Connection")
    if target.password.lower().startswith("bearer "):
        raise ConfigurationError("password begins with `Bearer `; write the token alone")
    if not _VISIBLE.fullmatch(target.password):
        raise ConfigurationError(
            "the token in password holds a space, a line break or a character outside ASCII; remove it"
        )


def secrets(target: Target) -> tuple[str, ...]:
    """Return the token."""
    return (target.password,)


def authenticate(target: Target, request: Request) -> Request:
    """Add ``Authorization: Bearer …``."""
    return request.with_header("Authorization", f"Bearer {target.password}")
