"""The ``Link`` header (RFC 8288 section 3)."""

from __future__ import annotations

import re

_LINK = re.compile(r'\s*<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)(?:,|$)')
_PARAMETER = re.compile(r';\s*([a-z*]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]*)', re.IGNORECASE)


def target(header: str, relation: str) -> str | None:
    """Return the address of the first link with this relation, not yet resolved; None if there is none."""
    position = 0
    while match := _LINK.match(header, position):
        position = match.end()
        parameters = {name.lower(): value for name, value in reversed(_PARAMETER.findall(match[2]))}
        relations = parameters.get("rel", "").strip('"').lower().split()
        if relation in relations:
            return match[1]
    return None
