"""``application/x-www-form-urlencoded`` (https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from hookline.protocol import strict_json
from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Document, document
from hookline.protocol.problem import MALFORMED, Rejected

MAX_FIELDS = 1000
WRAPPER = "payload"
"""The one field of forms in which GitHub and Slack wrap JSON."""


def read(content: bytes, kind: ContentType) -> Document:
    """Return the fields; a repeated name has a list.

    A form whose only field is ``payload`` and holds a JSON object has the object there
    (https://docs.github.com/webhooks/using-webhooks/creating-webhooks,
    https://api.slack.com/interactivity/handling#payloads).

    :raises Rejected: it is not percent-encoded text, or has more than :data:`MAX_FIELDS`.
    """
    text = kind.decode(content)
    try:
        fields = parse_qsl(
            text,
            keep_blank_values=True,
            encoding=kind.charset,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Rejected(
            MALFORMED, f"The form is not percent-encoded text, or has more than {MAX_FIELDS} fields."
        ) from None
    data = gathered(fields)
    if data.keys() == {WRAPPER} and isinstance(data[WRAPPER], str):
        data[WRAPPER] = _unwrapped(data[WRAPPER])
    return document(data)


def gathered(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return fields by name; a repeated name has a list."""
    values: dict[str, list[Any]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _unwrapped(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return strict_json.loads(text.encode())
    except strict_json.NotJson:
        return text
