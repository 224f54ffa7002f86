"""The header ``Content-Type`` (RFC 9110 section 8.3), and text by its charset."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from hookline.protocol.formats import parameters
from hookline.protocol.problem import MALFORMED, UNSUPPORTED_MEDIA_TYPE, Rejected

MAX_LENGTH = 1000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Of all that Python calls a codec, what is text on the web (https://encoding.spec.whatwg.org/#names-and-labels).
_CHARSETS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "big5", "euc_jp", "euc_kr", "gb18030", "gbk"),
        *("gb2312", "iso2022_jp", "koi8-r", "koi8-u", "mac-roman", "shift_jis", "cp866", "cp874"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp125{part}" for part in range(9)),
    }
)


STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
_FAMILIES = {
    "application/json": "json",
    "text/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
    "text/plain": "text",
    "text/x-java-properties": "properties",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    STRUCTURED: "cloudevent",
    BATCHED: "cloudevents",
}
_UTF_8 = frozenset({"", "utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True)
class ContentType:
    """A content type; senders use the same few, so what is read out of one is kept.

    :param name: ``type/subtype`` in lower case; empty when there is none.
    :param parameters: names in lower case.
    :param given: the header's value.
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    given: str = ""

    def decode(self, content: bytes) -> str:
        """Return the text of a body; its byte order mark counts before the charset, and UTF-8 without either.

        :raises Rejected: the charset is unknown, or the body is no text in it.
        """
        charset = next((name for mark, name in _MARKS if content.startswith(mark)), self.charset)
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            raise Rejected(MALFORMED, f"The body is not text in {charset}.") from None

    @cached_property
    def family(self) -> str:
        """How a body of this type is read, see :mod:`hookline.protocol.formats`; ``file`` if not at all."""
        by_suffix = "json" if self.name.endswith("+json") else "xml" if self.name.endswith("+xml") else "file"
        return _FAMILIES.get(self.name, by_suffix)  # suffixes: RFC 6839

    @cached_property
    def is_utf_8(self) -> bool:
        """Whether the charset is UTF-8 or a part of it, or none is given."""
        return self.parameters.get("charset", "").strip().lower() in _UTF_8

    @property
    def charset(self) -> str:
        """The charset's name in Python; UTF-8 when none is given.

        :raises Rejected: it is not known.
        """
        found = _known(self.parameters.get("charset", "")[:50] or "utf-8")
        if found is None:
            raise Rejected(UNSUPPORTED_MEDIA_TYPE, "The charset of the `Content-Type` is not known.")
        return found


def parse(value: str) -> ContentType:
    """Read a header's value.

    :raises Rejected: it is no ``type/subtype``.
    """
    kind = _parse(value) if len(value) <= MAX_LENGTH else None
    if kind is None:
        raise Rejected(
            UNSUPPORTED_MEDIA_TYPE,
            "The `Content-Type` is not a `type/subtype`, or its parameters cannot be read.",
        )
    return kind


@lru_cache(maxsize=256)
def _parse(value: str) -> ContentType | None:
    header = parameters.parse("Content-Type", value)
    if header is None:
        return None
    (name, _), *given = header.get_params() or [("", "")]
    kind, slash, subtype = name.strip().lower().partition("/")
    if not (kind and slash and subtype and " " not in kind + subtype and "/" not in subtype):
        return None
    return ContentType(
        f"{kind}/{subtype}", {key.lower(): text for key, text in given if isinstance(text, str)}, value
    )


@lru_cache(maxsize=256)
def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _CHARSETS else None
