"""Lists of properties: ``key=value`` lines, as Java writes them.

Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Document, document
from hookline.protocol.problem import MALFORMED, Rejected

MAX_PROPERTIES = 10_000
MAX_LINES = 100_000
"""Comments, blank ones and those that go on included."""
_BLANK = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
# Everything up to the first separator that is not escaped; the separator; the rest.
_LINE = re.compile(r"\A((?:[^\\=: \t\f]|\\.)*+)[ \t\f]*+[=:]?[ \t\f]*+(.*)\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def read(content: bytes, kind: ContentType) -> Document:
    r"""Return a dictionary of text.

    Comments begin with ``#`` or ``!``; a line that ends in ``\`` goes on in the next. As in Java the last of
    equal keys counts, and ``\uXXXX`` is a UTF-16 unit.

    :raises Rejected: a broken ``\u``, more than :data:`MAX_PROPERTIES`, or than :data:`MAX_LINES`.
    """
    properties: dict[str, str] = {}
    text = kind.decode(content)
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MAX_LINES:
        raise Rejected(MALFORMED, f"The body has more than {MAX_LINES} lines.")
    for line in _logical_lines(text):
        for key, value in _LINE.findall(line):
            properties[_unescaped(key)] = _unescaped(value)
        if len(properties) > MAX_PROPERTIES:
            raise Rejected(MALFORMED, f"The body has more than {MAX_PROPERTIES} properties.")
    return document(properties)


def _logical_lines(text: str) -> Iterator[str]:
    parts: list[str] = []
    for raw in _LINE_END.split(text):
        line = raw.lstrip(_BLANK)
        if not parts and (not line or line[0] in "#!"):
            continue
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        parts.append(line[:-1] if goes_on else line)
        if not goes_on:
            yield "".join(parts)
            parts = []
    if parts and any(parts):
        yield "".join(parts)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    units = _ESCAPE.sub(_unit, text)
    # Two escapes are one character beyond the first 65,536; half a pair stays what it is.
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _unit(found: re.Match[str]) -> str:
    digits, character = found.groups()
    if digits:
        return chr(int(digits, 16))
    if character == "u":
        raise Rejected(MALFORMED, r"The body has a `\u` without four hexadecimal digits.")
    return _NAMED.get(character, character)
