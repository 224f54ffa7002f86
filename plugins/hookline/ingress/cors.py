"""Cross-origin requests (Fetch standard, section 3.2): who may send from a browser, and read the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.protocol.guard import ANY

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from hookline.ingress.request import Scope, Send
    from hookline.protocol.source import Source

KEY = "hookline.cors"
PREFLIGHT_SECONDS = 600

Fields = list[tuple[bytes, bytes]]


def allowed(origins: frozenset[str], origin: str | None) -> Fields | None:
    """Return the answer's fields for a request with this ``Origin``, or None when it is not allowed.

    Credentials are never allowed: no source knows its senders by a browser's cookies.

    :param origin: None when the request has none, as programs send it.
    """
    if ANY in origins:
        return [(b"access-control-allow-origin", b"*"), *_READABLE] if origin is not None else []
    if origin is None:
        return [_VARY]
    if origin not in origins:
        return None
    return [(b"access-control-allow-origin", origin.encode("latin-1")), _VARY, *_READABLE]


def is_preflight(scope: Scope, origin: str | None) -> bool:
    """Tell whether a browser asks before it sends."""
    return (
        scope["method"] == "OPTIONS"
        and origin is not None
        and any(name == b"access-control-request-method" for name, _ in scope["headers"])
    )


async def answer_preflight(source: Source, fields: Fields, send: Send) -> None:
    """Tell the browser what it may send to this source."""
    names = {"content-type", "content-encoding", "traceparent", *source.verifier.reads}
    names |= {
        place.argument.lower()
        for place in (source.event_type, source.event_id)
        if place is not None and place.kind == "header"
    }
    permitted = [
        *fields,
        (b"access-control-allow-methods", ", ".join(source.methods).encode("ascii")),
        (b"access-control-allow-headers", ", ".join(sorted(names)).encode("latin-1")),
        (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": permitted})
    await send({"type": "http.response.body", "body": b""})


def readable(scope: Scope, send: Send) -> Send:
    """Return ``send`` with the fields that the request's origin was found to be worth."""
    fields: Fields | None = scope.get(KEY)
    if not fields:
        return send

    async def send_with_fields(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *fields]
        await send(message)

    return send_with_fields


_VARY = (b"vary", b"Origin")
_READABLE: Fields = [(b"access-control-expose-headers", b"Retry-After")]
