"""JSON (RFC 8259), and JSON lines (https://github.com/ndjson/ndjson-spec)."""

from __future__ import annotations

import codecs

from hookline.protocol import strict_json
from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Batch, Document, require_few
from hookline.protocol.problem import MALFORMED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Rejected

MAX_LINES = 10_000
"""Blank ones included; events are fewer."""


def read(content: bytes, kind: ContentType) -> Document:
    """Return the value, and its text as it stands; of a name that is repeated in an object the last counts.

    :raises Rejected: it is not JSON, see :func:`hookline.protocol.strict_json.loads`, or not UTF-8.
    """
    if not kind.is_utf_8:
        raise Rejected(
            UNSUPPORTED_MEDIA_TYPE, "JSON is UTF-8 (RFC 8259); this body claims to be something else."
        )
    try:
        data = strict_json.loads(content)
    except strict_json.NotJson as error:
        raise Rejected(MALFORMED, str(error)) from None
    return Document(data, content.removeprefix(codecs.BOM_UTF8).decode())


def read_lines(content: bytes, kind: ContentType) -> Batch:
    """Return one document for each line that is not blank.

    :raises Rejected: one of them is not JSON, or there are more than a batch may have.
    """
    # Bounded, so that a million line ends do not become a million objects first.
    if content.count(b"\n") > MAX_LINES:
        raise Rejected(TOO_LARGE, f"The body has more than {MAX_LINES} lines.")
    try:
        strict_json.require_few(content)
    except strict_json.NotJson as error:
        raise Rejected(MALFORMED, str(error)) from None
    lines = [line for line in content.split(b"\n") if line.strip()]
    require_few(len(lines))
    documents = []
    for number, line in enumerate(lines, 1):
        try:
            documents.append(read(line, kind))
        except Rejected as rejected:
            raise Rejected(rejected.problem, f"Line {number}: {rejected.detail}") from None
    return Batch(tuple(documents))
