"""One event for each element of a list in the data: the source's option ``batch``."""

from __future__ import annotations

from hookline.protocol import expression
from hookline.protocol.formats.document import Batch, Document, document, require_few
from hookline.protocol.message import Message
from hookline.protocol.problem import MALFORMED, TOO_LARGE, Rejected

MAX_HEAD_BYTES = 8 * 1024 * 1024
"""Header fields and query, once for each event."""


def require_small(batch: Batch, message: Message) -> None:
    """Refuse a batch whose events together would hold too many copies of the request's head.

    :raises Rejected: with the problem ``too-large``.
    """
    fields = sum(len(name) + len(value) for name, value in message.headers.items())
    if len(batch.documents) * (fields + len(message.query_string)) > MAX_HEAD_BYTES:
        raise Rejected(
            TOO_LARGE,
            f"Each event is stored with the header fields, which may take {MAX_HEAD_BYTES} bytes in a batch;"
            " send fewer events or smaller headers.",
        )


def split(whole: Document, where: str) -> Batch:
    """Return the elements of the list that the JMESPath ``where`` finds.

    :raises Rejected: there is none, it has more elements than a batch may have, or files belong to it.
    """
    found = expression.search(where, whole.data)
    if not isinstance(found, list):
        raise Rejected(MALFORMED, f"A list of events is expected in `{where}`, and is not there.")
    if whole.files:
        raise Rejected(MALFORMED, "A batch of events has no files.")
    require_few(len(found))
    return Batch(tuple(document(element) for element in found), whole.data)
