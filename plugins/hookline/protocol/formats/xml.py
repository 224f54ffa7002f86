"""XML as a dictionary, see :mod:`hookline.protocol.xml`."""

from __future__ import annotations

from hookline.protocol import xml
from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Document, document
from hookline.protocol.problem import MALFORMED, Rejected
from hookline.protocol.strict_json import MAX_DEPTH


def read(content: bytes, kind: ContentType) -> Document:
    """Return the document; the content type's charset counts before the declaration (RFC 7303 section 3).

    :raises Rejected: it is not XML, has a document type, or is deeper than JSON may be.
    """
    named = kind.parameters.get("charset")
    if named:
        content = kind.decode(content).encode()
    try:
        return document(xml.parse(content, max_depth=MAX_DEPTH, encoding="utf-8" if named else None))
    except xml.NotXml as error:
        raise Rejected(MALFORMED, f"The body cannot be read as XML: {error}.") from None
