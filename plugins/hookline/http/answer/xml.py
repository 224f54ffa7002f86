"""XML as a dictionary, see :mod:`hookline.protocol.xml`."""

from __future__ import annotations

from typing import Any

from hookline.exceptions import UnreadableAnswer
from hookline.http.body import MAX_DEPTH
from hookline.protocol import xml


def parse(content: bytes) -> Any:
    """Return the document.

    :raises UnreadableAnswer: it is none that is read, or deeper than :data:`hookline.http.body.MAX_DEPTH`.
    """
    try:
        return xml.parse(content, max_depth=MAX_DEPTH)
    except xml.NotXml as error:
        raise UnreadableAnswer(f"the answer says it is XML but is not: {error}") from None
