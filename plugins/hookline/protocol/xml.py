"""XML as a dictionary, the way of the library xmltodict.

``<order id="7"><line>a</line><line>b</line></order>`` is ``{"order": {"@id": "7", "line": ["a", "b"]}}``:
attributes with ``@``, repeated elements as a list, text beside others as ``#text``, everything text.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

MAX_NODES = 250_000
"""Elements and attributes: a dictionary takes many times the memory of the few bytes of each."""


class NotXml(ValueError):
    """The bytes are no XML that is read; the message says why."""


def parse(content: bytes, *, max_depth: int, encoding: str | None = None) -> Any:
    """Return the document.

    :param encoding: overrides what the document declares (XML 1.0 section 4.3.3).
    :raises NotXml: not XML; a document type, whose entities could refer to files and grow without bound;
        elements within each other deeper than ``max_depth``; or more than :data:`MAX_NODES`.
    """
    import xmltodict

    try:
        # The library builds before it could be stopped, so the document is gone through without building.
        _check(content, max_depth, encoding)
        return xmltodict.parse(content, encoding=encoding, disable_entities=True)
    except (expat.ExpatError, ValueError, LookupError, RecursionError) as error:
        raise error if isinstance(error, NotXml) else NotXml(f"not XML: {error}") from None


def _check(content: bytes, max_depth: int, encoding: str | None) -> None:
    depth = nodes = 0

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1 + len(attributes)
        if depth > max_depth:
            raise NotXml(f"nested deeper than {max_depth} levels")
        if nodes > MAX_NODES:
            raise NotXml(f"more than {MAX_NODES} elements and attributes")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(encoding)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.Parse(content, True)


def _no_document_type(*_declaration: Any) -> None:
    raise NotXml("it has a document type, which is not read")
