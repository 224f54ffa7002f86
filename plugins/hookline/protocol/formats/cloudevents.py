"""CloudEvents 1.0 over HTTP: structured, binary and batched.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md and
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from hookline.protocol.formats.document import Batch, Document, document, require_few
from hookline.protocol.message import Headers
from hookline.protocol.problem import MALFORMED, Rejected

MAX_TEXT = 1000
MAX_ATTRIBUTES = 50
_PREFIX = "ce-"
_NAME = re.compile(r"[a-z0-9]{1,50}\Z")
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,12})?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)
_REQUIRED = frozenset({"id", "source", "type"})
_TEXT = frozenset({"subject", "time", "datacontenttype"})
_DATA = frozenset({"data", "data_base64"})

Reader = Callable[[bytes, str], Document]


def structured(event: Any, read: Reader) -> Document:
    """Return the document of one event in JSON.

    :param read: reads ``data_base64`` by its ``datacontenttype``.
    :raises Rejected: it is no CloudEvent of version 1.0.
    """
    if not isinstance(event, dict):
        raise Rejected(MALFORMED, "A CloudEvent is a JSON object.")
    attributes = _checked({name: value for name, value in event.items() if name not in _DATA})
    if "data_base64" not in event:
        return document(event.get("data"), attributes=attributes)
    if "data" in event:
        raise Rejected(MALFORMED, "The CloudEvent has both `data` and `data_base64`.")
    try:
        content = base64.b64decode(event["data_base64"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Rejected(MALFORMED, "The CloudEvent's `data_base64` is not Base64.") from None
    inner = read(content, attributes.get("datacontenttype", "application/json"))
    return Document(inner.data, inner.text, inner.files, attributes)


def batched(events: Any, read: Reader) -> Batch:
    """Return the documents of a JSON array of events.

    :raises Rejected: it is none, one of them is no CloudEvent, or there are more than a batch may have.
    """
    if not isinstance(events, list):
        raise Rejected(MALFORMED, "A batch of CloudEvents is a JSON array.")
    require_few(len(events))
    return Batch(tuple(structured(event, read) for event in events))


def binary(headers: Headers, content_type: str | None) -> Mapping[str, Any] | None:
    """Return the attributes in the header fields ``ce-…``; None when the message is no CloudEvent.

    :raises Rejected: it is one, and not of version 1.0.
    """
    if "ce-specversion" not in headers:
        return None
    attributes = {}
    for name, value in headers.items():
        if name.startswith(_PREFIX):
            try:
                attributes[name.removeprefix(_PREFIX)] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                raise Rejected(MALFORMED, f"The header `{name[:50]}` is not percent-encoded UTF-8.") from None
    if content_type:
        attributes["datacontenttype"] = content_type
    return _checked(attributes)


def _checked(attributes: dict[str, Any]) -> dict[str, Any]:
    if attributes.get("specversion") != "1.0":
        raise Rejected(MALFORMED, "The CloudEvent's `specversion` is not 1.0.")
    attributes = {name: value for name, value in attributes.items() if value is not None}
    if len(attributes) > MAX_ATTRIBUTES:
        raise Rejected(MALFORMED, f"The CloudEvent has more than {MAX_ATTRIBUTES} attributes.")
    for name, value in attributes.items():
        _check(name, value)
    for name in _REQUIRED | (_TEXT & attributes.keys()):
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            raise Rejected(MALFORMED, f"The CloudEvent's `{name}` is missing, empty or no text.")
    if any(character.isspace() for character in attributes["source"]):
        raise Rejected(MALFORMED, "The CloudEvent's `source` is not a URI reference.")
    if not _TIME.match(attributes.get("time", "2026-01-01T00:00:00Z")):
        raise Rejected(MALFORMED, "The CloudEvent's `time` is not an RFC 3339 time.")
    return attributes


def _check(name: str, value: Any) -> None:
    if not _NAME.match(name):
        raise Rejected(
            MALFORMED, "An attribute's name in a CloudEvent is lower-case letters and digits, at most 50."
        )
    if not isinstance(value, str | int):
        raise Rejected(MALFORMED, f"The CloudEvent's `{name}` is neither text, whole number nor boolean.")
    if len(str(value)) > MAX_TEXT or not str(value).isprintable():
        raise Rejected(
            MALFORMED, f"The CloudEvent's `{name}` is not printable, or over {MAX_TEXT} characters."
        )
