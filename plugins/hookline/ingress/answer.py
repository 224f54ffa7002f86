"""Answers of the public routes, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookline.ingress.request import Send
    from hookline.protocol.problem import Rejected

# Public answers share their origin with Airflow's session: a browser must never run one.
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cache-control", b"no-store"),
)


async def send_json(
    send: Send,
    status: int,
    body: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> None:
    """Send one whole response."""
    content = json.dumps(body, separators=(",", ":")).encode("ascii")
    fields = [
        (b"content-type", media_type.encode("ascii")),
        (b"content-length", str(len(content)).encode("ascii")),
        *_ALWAYS,
        *(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ),
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content})


async def send_problem(send: Send, rejected: Rejected) -> None:
    """Send the refusal as problem details (RFC 9457)."""
    await send_json(
        send,
        rejected.problem.status,
        rejected.body(),
        headers=rejected.headers,
        media_type="application/problem+json",
    )
