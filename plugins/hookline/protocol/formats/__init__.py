"""Understanding a body by its content type.

=============================================  =============================================================
content type, or the source's ``format``       data
=============================================  =============================================================
``application/json``, ``…+json``; ``json``     its value
``application/xml``, ``…+xml``; ``xml``        dictionary, see :mod:`hookline.protocol.xml`
``application/x-www-form-urlencoded``; ``form``  dictionary; a repeated name has a list
``multipart/form-data``                        dictionary of the fields, and files
``text/plain``; ``text``                       text
``text/x-java-properties``; ``properties``     dictionary of text
``application/x-ndjson``, ``…/jsonl``; ``ndjson``  one event for each line
``application/cloudevents+json``               ``data`` of the event
``application/cloudevents-batch+json``         one event for each element
anything else; ``file``                        an empty dictionary, and the body as a file
=============================================  =============================================================
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from hookline.protocol import extent
from hookline.protocol.extent import Content
from hookline.protocol.formats import cloudevents, content_type, form, json, parameters, properties, xml
from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Batch, Document, File, document
from hookline.protocol.message import Headers
from hookline.protocol.problem import MALFORMED, TOO_LARGE, Rejected

NO_HEADERS = Headers()
JSON = content_type.parse("application/json")
MAX_INNER_BYTES = 4 * 1024 * 1024
"""Of all ``data_base64`` in one body that is parsed; the bounds of a document hold for each of them."""


def read(
    content: Content,
    kind: ContentType,
    *,
    as_format: str | None = None,
    headers: Headers = NO_HEADERS,
    spool: Callable[[], BinaryIO] = BytesIO,
) -> Document | Batch:
    """Return what the body says.

    :param as_format: the source's ``format``, where the content type is not to be believed.
    :param headers: of the request; ``Content-Disposition`` may name a body that is a file.
    :param spool: makes the temporary file for the files of a form.
    :raises Rejected: it is not what its content type says.
    """
    wanted = as_format or kind.family
    if wanted == "file":
        return document({}, File(_file_name(headers.get("content-disposition")), kind.given, content))
    if wanted == "multipart":
        from hookline.protocol.formats import multipart

        return multipart.read(extent.pieces(content), kind, spool)
    return (_SINGLE.get(wanted) or _EVENTS[wanted])(extent.whole(content), kind)


class _Inner:
    """Reads what stands in CloudEvents: what is one value; a form or a batch is a file of its event."""

    def __init__(self) -> None:
        self._left = MAX_INNER_BYTES

    def __call__(self, content: bytes, given: str) -> Document:
        kind = content_type.parse(given)
        reader = _SINGLE.get(kind.family)
        if reader is None:
            return document({}, File("", kind.given, content))
        self._left -= len(content)
        if self._left < 0:
            raise Rejected(TOO_LARGE, f"`data_base64` that is no file may take {MAX_INNER_BYTES} bytes.")
        return reader(content, kind)


_SINGLE: dict[str, Callable[[bytes, ContentType], Document]] = {
    "json": json.read,
    "xml": xml.read,
    "form": form.read,
    "text": lambda content, kind: document(kind.decode(content)),
    "properties": properties.read,
}
_EVENTS: dict[str, Callable[[bytes, ContentType], Document | Batch]] = {
    "ndjson": json.read_lines,
    "cloudevent": lambda content, kind: cloudevents.structured(json.read(content, kind).data, _Inner()),
    "cloudevents": lambda content, kind: cloudevents.batched(json.read(content, kind).data, _Inner()),
}


def _file_name(disposition: str | None) -> str:
    """Return the name in a ``Content-Disposition`` of the whole body (RFC 6266), or nothing."""
    if not disposition or len(disposition) > content_type.MAX_LENGTH:
        return ""
    header = parameters.parse("Content-Disposition", disposition)
    if header is None:
        raise Rejected(MALFORMED, "The parameters of the `Content-Disposition` cannot be read.")
    return header.get_filename("")
