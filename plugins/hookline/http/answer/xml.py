"""XML as a dictionary, the way of the library xmltodict.

``<order id="7"><line>a</line><line>b</line></order>`` is ``{"order": {"@id": "7", "line": ["a", "b"]}}``:
attributes with ``@``, repeated elements as a list, text beside others as ``#text``, everything text.
"""

from __future__ import annotations

from typing import Any
from xml.parsers.expat import ExpatError

from hookline.exceptions import UnreadableAnswer
from hookline.http.body import MAX_DEPTH


def parse(content: bytes) -> Any:
    """Return the document; its encoding is what it declares (XML 1.0 section 4.3.3).

    :raises UnreadableAnswer: not XML; a document type or an entity of its own, which could refer to files and
        grow without bound; or nesting deeper than :data:`hookline.http.body.MAX_DEPTH`.
    """
    import xmltodict

    # Everything a document type can do to a parser begins with this word, in every encoding expat reads.
    if any("<!DOCTYPE".encode(encoding) in content for encoding in ("ascii", "utf-16-le", "utf-16-be")):
        raise UnreadableAnswer("the answer's XML has a document type, which is not read")
    depth = _Depth()
    try:
        return xmltodict.parse(content, disable_entities=True, postprocessor=depth)
    except (ExpatError, ValueError, LookupError, RecursionError) as error:
        raise UnreadableAnswer(f"the answer says it is XML but is not: {error}") from None


class _Depth:
    def __call__(self, path: list[Any], key: str, value: Any) -> tuple[str, Any]:
        if len(path) > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        return key, value
