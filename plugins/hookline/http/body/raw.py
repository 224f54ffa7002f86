"""Text, bytes or one file, as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http.body.content import Content, File, utf8


def encode(value: Any, _send_null: bool, fields: Mapping[str, str]) -> Content:
    """Return the body; text is sent as UTF-8.

    :raises ConfigurationError: anything else, or ``fields``, for which there is no place.
    """
    if fields:
        raise ConfigurationError(
            "auth_type client_secret needs a body with fields, and body_type raw has none; choose another one"
        )
    match value:
        case File():
            return Content(value.media_type, (value,))
        case bytes() | bytearray() | memoryview():
            return Content("application/octet-stream", (bytes(value),))
        case str():
            return Content("text/plain; charset=utf-8", (utf8(value),))
    raise ConfigurationError(
        f"body is a {type(value).__name__}; body_type raw sends text, bytes or a file. Use json for the rest"
    )
