"""``multipart/form-data`` (RFC 7578): fields and files, streamed.

A file's part carries its name and content type. A key that ends in ``[]`` sends all files of a list, each as
a part under this key; a list of several files under another key is refused, because most receivers would
keep one of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http.body.content import Content, File, utf8
from hookline.http.body.form import as_text, entries


def encode(value: Any, send_null: bool, fields: Mapping[str, str]) -> Content:
    """Return the body.

    :raises ConfigurationError: see :func:`hookline.http.body.form.entries`; several files under one key.
    """
    boundary = secrets.token_hex(16)
    seen: set[str] = set()
    parts: list[bytes | File] = []
    for name, item in entries(value, send_null, fields, "form_data"):
        if isinstance(item, File | bytes | bytearray | memoryview):
            if name in seen and not name.endswith("[]"):
                raise ConfigurationError(
                    f"body.{name} has several files; call it `{name}[]` to send all of them"
                )
            seen.add(name)
        parts += _part(boundary, name, item)
    parts.append(f"--{boundary}--\r\n".encode())
    return Content(f"multipart/form-data; boundary={boundary}", tuple(_joined(parts)))


def _part(boundary: str, name: str, value: Any) -> list[bytes | File]:
    from urllib3.fields import RequestField

    content: bytes | File
    file_name: str | None
    media_type: str | None
    match value:
        case File():
            content, file_name, media_type = value, value.name, value.media_type
        case bytes() | bytearray() | memoryview():
            content, file_name, media_type = bytes(value), _last(name), "application/octet-stream"
        case _:
            content, file_name, media_type = utf8(as_text(name, value)), None, None
    part = RequestField(name, b"", file_name)
    # Its headers are what requests sends: names escaped as WHATWG HTML section 4.10.21.8 has it.
    part.make_multipart(content_type=media_type)
    return [utf8(f"--{boundary}\r\n{part.render_headers()}"), content, b"\r\n"]


def _last(name: str) -> str:
    return name.removesuffix("[]") or "file"


def _joined(parts: list[bytes | File]) -> Iterator[bytes | File]:
    pending = bytearray()
    for part in parts:
        if isinstance(part, bytes):
            pending += part
            continue
        yield bytes(pending)
        pending.clear()
        yield part
    yield bytes(pending)
