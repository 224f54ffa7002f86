"""What trusted proxies say about a request: ``X-Forwarded-…`` and ``Forwarded`` (RFC 7239)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hookline.protocol.networks import Address, Network, address, contains

MOST_HOPS = 32
_PAIR = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})=(\"(?:[^\"\\]|\\.)*\"|[^ \t\",;=]*)[ \t]*([,;]|\Z)"
)
_HOST = re.compile(r"[A-Za-z0-9._~-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from.

    :param client: None when what the proxies say cannot be read, or contradicts itself.
    :param scheme: ``http`` or ``https``; None when they do not say.
    :param host: value of ``Host`` that the client sent; None when they do not say.
    """

    client: Address | None
    scheme: str | None = None
    host: str | None = None


def origin(fields: Iterable[tuple[bytes, bytes]], peer: Address, trusted: Sequence[Network]) -> Origin:
    """Read a request that came from a trusted proxy.

    The client is the last address, from the right, that is no trusted proxy's: what stands left of it is
    the client's own invention. A proxy that knows one of the two headers passes the other on as the client
    wrote it; so where both are there they have to agree.

    :param fields: the request's header fields, names in lower case.
    :param peer: the proxy's address.
    """
    found: dict[bytes, list[str]] = {}
    for name, value in fields:
        if name.startswith((b"x-forwarded-", b"forwarded")):
            found.setdefault(name, []).append(value.decode("latin-1"))
    clients: list[Address | None] = []
    if b"x-forwarded-for" in found:
        clients.append(_client(",".join(found[b"x-forwarded-for"]).split(","), trusted))
    elements: list[dict[str, str]] | None = None
    if b"forwarded" in found:
        elements = _elements(",".join(found[b"forwarded"]))
        clients.append(
            None if elements is None else _client([one.get("for", "") for one in elements], trusted)
        )
    first = elements[0] if elements else {}
    scheme = _first(found.get(b"x-forwarded-proto")) or first.get("proto", "")
    host = _first(found.get(b"x-forwarded-host")) or first.get("host", "")
    return Origin(
        client=(clients[0] if len(set(clients)) == 1 else None) if clients else peer,
        scheme=scheme.lower() if scheme.lower() in ("http", "https") else None,
        host=host if _HOST.fullmatch(host) else None,
    )


def _client(hops: list[str], trusted: Sequence[Network]) -> Address | None:
    found: Address | None = None
    for hop in reversed(hops[-MOST_HOPS:]):
        found = address(hop.strip(" \t"))
        if found is None or not contains(trusted, found):
            return found
    return found if len(hops) <= MOST_HOPS else None


def _first(values: list[str] | None) -> str:
    return values[0].partition(",")[0].strip(" \t") if values else ""


def _elements(text: str) -> list[dict[str, str]] | None:
    elements: list[dict[str, str]] = [{}]
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None or pair[1].lower() in elements[-1]:
            return None
        value = pair[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elements[-1][pair[1].lower()] = value
        position = pair.end()
        if pair[3] == ",":
            elements.append({})
    return elements
