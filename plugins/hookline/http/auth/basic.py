"""Basic authentication, RFC 7617, with UTF-8 for both parts (its section 2.1)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check(target: Target) -> None:
    """Require a login or a password; section 2 allows no colon in the login, no control character in both."""
    if not (target.login or target.password):
        raise ConfigurationError("auth_type basic needs the login and the password of the Connection")
    if ":" in target.login:
        raise ConfigurationError("login holds a colon, which auth_type basic cannot carry")
    if _CONTROL.search(target.login + target.password):
        raise ConfigurationError(
            "login or password holds a control character, often the line break at its end; remove it"
        )


def secrets(target: Target) -> tuple[str, ...]:
    """Return the password and the encoded pair."""
    return (target.password, _pair(target))


def authenticate(target: Target, request: Request) -> Request:
    """Add ``Authorization: Basic …``."""
    return request.with_header("Authorization", f"Basic {_pair(target)}")


def _pair(target: Target) -> str:
    return base64.b64encode(f"{target.login}:{target.password}".encode()).decode("ascii")
