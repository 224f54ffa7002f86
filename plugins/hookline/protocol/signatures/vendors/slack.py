"""``slack``: HMAC-SHA256 of time and body; ``url_verification`` is answered.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/reference/events/url_verification
"""

from __future__ import annotations

from hookline.protocol.message import Message
from hookline.protocol.signatures.handshake import Handshake, Reply, json_object, reflected
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme


def _challenge(message: Message, _secrets: tuple[bytes, ...]) -> Reply | None:
    if b"url_verification" not in message.body:
        return None
    body = json_object(message)
    challenge = body.get("challenge")
    if body.get("type") != "url_verification" or not isinstance(challenge, str):
        return None
    return Reply(challenge) if reflected(challenge) else None


SCHEME = scheme(
    "slack",
    Layout(
        header="X-Slack-Signature",
        prefix="v0=",
        content="v0:{timestamp}:{body}",
        timestamp_header="X-Slack-Request-Timestamp",
    ),
    event_type="body:event.type || type || payload.type || command",
    event_id="body:event_id",
    handshake=Handshake(_challenge),
)
