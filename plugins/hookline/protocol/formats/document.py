"""What a body says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline.protocol.extent import Content
from hookline.protocol.problem import TOO_LARGE, Rejected

MAX_EVENTS = 1000
"""In one batch."""


@dataclass(frozen=True, slots=True)
class File:
    """A file in a body.

    :param name: as the sender calls it; empty when it says no name.
    :param content_type: as the sender gives it.
    :param field: the form field it is in; None when it is the whole body.
    """

    name: str
    content_type: str
    content: Content
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one event.

    :param data: JSON value.
    :param text: the same as JSON text; of a JSON body as the sender wrote it, digit for digit.
    :param attributes: of a CloudEvent all but its data, else None.
    """

    data: Any
    text: str
    files: tuple[File, ...] = ()
    attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Several events in one body.

    :param whole: the value that held them, in which locators look after the event's own.
    """

    documents: tuple[Document, ...]
    whole: Any = None


def document(data: Any, *files: File, attributes: Mapping[str, Any] | None = None) -> Document:
    """Return the document of a JSON value."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair can be escaped, not encoded
        text = json.dumps(data)
    return Document(data, text, files, attributes)


def require_few(count: int) -> None:
    """Refuse a batch of more than :data:`MAX_EVENTS`.

    :raises Rejected: with the problem ``too-large``.
    """
    if count > MAX_EVENTS:
        raise Rejected(TOO_LARGE, f"A batch may have {MAX_EVENTS} events.")
