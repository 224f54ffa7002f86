"""Answers of the public routes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookline.ingress.request import Send
    from hookline.protocol.problem import Rejected
    from hookline.protocol.signatures.handshake import Reply

# Public answers share their origin with Airflow's session: a browser must never run one.
PUBLIC = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
}
_ALWAYS = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in PUBLIC.items())


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
    await send_content(send, status, {"content-type": media_type, **(headers or {})}, content)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send what a sender's handshake expects."""
    content = reply.body.encode("utf-8", "replace")
    await send_content(send, reply.status, {"content-type": reply.media_type, **reply.headers}, content)


async def send_content(send: Send, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Send one whole response, with what every public answer has."""
    await _send(send, status, headers, content, _ALWAYS)


async def send_page(send: Send, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Send one whole page.

    :param headers: those of :data:`hookline.pages.html.HEADERS` among them.
    """
    await _send(send, status, headers, content, ())


async def _send(
    send: Send,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    always: tuple[tuple[bytes, bytes], ...],
) -> None:
    fields = [
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        *always,
    ]
    if status != 204:  # RFC 9110, section 8.6
        fields.append((b"content-length", str(len(content)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content})


async def send_problem(send: Send, rejected: Rejected, *, close: bool) -> None:
    """Send the refusal as problem details (RFC 9457).

    :param close: whether to end the connection, because the rest of the request is not read (RFC 9112, 9.6).
    """
    await send_json(
        send,
        rejected.problem.status,
        rejected.body(),
        headers=rejected.headers | ({"Connection": "close"} if close else {}),
        media_type="application/problem+json",
    )
