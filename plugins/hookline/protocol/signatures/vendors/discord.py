"""``discord``: Ed25519 of time and body; the secret is the application's public key.

Source: https://discord.com/developers/docs/events/webhook-events#setting-up-an-endpoint and
https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint
"""

from __future__ import annotations

from hookline.protocol.message import Message
from hookline.protocol.signatures.handshake import Handshake, Reply, json_object, json_reply
from hookline.protocol.signatures.keys import decoded, ed25519
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme


def _pong(message: Message, _secrets: tuple[bytes, ...]) -> Reply | None:
    ping = json_object(message)
    if "event" in ping or "data" in ping:
        return None
    # Type 1 asks the endpoint of interactions, type 0 that of webhook events.
    if ping.get("type") == 1:
        return json_reply({"type": 1})
    return Reply(status=204) if ping.get("type") == 0 else None


SCHEME = scheme(
    "discord",
    Layout(
        header="X-Signature-Ed25519",
        content="{timestamp}{body}",
        timestamp_header="X-Signature-Timestamp",
    ),
    event_type="body:event.type || data.name || type",
    event_id="body:id",
    handshake=Handshake(_pong),
    key=lambda secret: ed25519(decoded(secret, "hex") or b"", "hex"),
)
