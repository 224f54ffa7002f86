"""One event for each element of a list in the data: the source's option ``batch``."""

from __future__ import annotations

from hookline.protocol import expression
from hookline.protocol.formats.document import Batch, Document, document, require_few
from hookline.protocol.problem import MALFORMED, Rejected


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
