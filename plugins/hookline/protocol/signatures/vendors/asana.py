"""``asana``: HMAC-SHA256 of the body; a new webhook's ``X-Hook-Secret`` is sent back, and never kept.

Whoever may set the secret may forge every event, and anybody can send the header. So the secret comes from
the Connection only: Asana's answer to ``POST /webhooks`` holds it too. Events that arrive before it is
there are refused, and Asana sends them again.

Source: https://developers.asana.com/docs/webhooks-guide and
https://developers.asana.com/reference/createwebhook
"""

from __future__ import annotations

import re

from hookline.protocol.message import Message
from hookline.protocol.signatures.handshake import Handshake, Reply
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}\Z")


def _confirm(message: Message, _secrets: tuple[bytes, ...]) -> Reply | None:
    offered = message.headers.get("x-hook-secret") or ""
    if "x-hook-signature" in message.headers or not _SECRET.match(offered):
        return None
    return Reply(headers={"X-Hook-Secret": offered})


SCHEME = scheme(
    "asana",
    Layout(header="X-Hook-Signature"),
    event_type=(
        "body:events[0] && join('.', [events[0].resource.resource_type, events[0].action]) || 'heartbeat'"
    ),
    pings=frozenset({"heartbeat"}),
    handshake=Handshake(_confirm, signed=False),
)
