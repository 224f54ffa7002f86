"""Understanding a body by its content type.

==========================================  ================================================================
content type                                value
==========================================  ================================================================
``application/json``, ``…+json``            its value
``application/xml``, ``text/xml``, ``…+xml``  dictionary, see :mod:`hookline.http.answer.xml`
``application/x-www-form-urlencoded``       dictionary; a repeated name has a list
``text/csv``                                list of dictionaries, see :mod:`hookline.http.answer.table`
``text/…``                                  text
none                                        text if it is UTF-8
anything else                               None, with a line in the log: it is for ``save_to``
==========================================  ================================================================
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any

from hookline.http.answer import form, json, table, xml
from hookline.http.headers import bounded

log = logging.getLogger(__name__)


def parse(content: bytes, kind: Message, text: Callable[[], str]) -> Any:
    """Return the value of ``content``.

    :param kind: a message whose ``Content-Type`` is the answer's.
    :param text: decodes ``content`` by its charset.
    :raises UnreadableAnswer: it is not what its content type says.
    """
    if not content:
        return None
    media_type = kind.get_content_type() if kind["Content-Type"] else ""
    family = _family(media_type)
    if family:
        return _PARSERS[family](content, kind, text)
    with contextlib.suppress(UnicodeDecodeError):
        if not media_type:
            return content.decode()
    log.warning(
        "The answer's %d bytes of %s are left out: not a kind of text. Set save_to to keep them",
        len(content),
        media_type or "unnamed type",
    )
    return None


_PARSERS: Mapping[str, Callable[[bytes, Message, Callable[[], str]], Any]] = {
    "json": json.parse,
    "xml": lambda content, _kind, _text: xml.parse(content),
    "form": lambda _content, _kind, text: form.parse(text()),
    "csv": lambda _content, kind, text: table.parse(text(), header=kind.get_param("header") != "absent"),
    "text": lambda _content, _kind, text: text(),
}


def is_binary(content_type: str | None) -> bool:
    """Tell whether a body of this ``Content-Type`` would be left out by :func:`parse`."""
    if not content_type:
        return False
    kind = Message()
    kind["Content-Type"] = bounded(content_type)
    return _family(kind.get_content_type()) == ""


def _family(media_type: str) -> str:
    if media_type == "application/json" or media_type.endswith("+json"):
        return "json"
    if media_type in {"application/xml", "text/xml"} or media_type.endswith("+xml"):
        return "xml"
    if media_type.startswith("text/"):
        return "csv" if media_type == "text/csv" else "text"
    return "form" if media_type == "application/x-www-form-urlencoded" else ""
