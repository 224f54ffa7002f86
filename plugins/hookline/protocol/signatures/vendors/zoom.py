"""``zoom``: HMAC-SHA256 of time and body; ``endpoint.url_validation`` is answered.

Source: https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events
"""

from __future__ import annotations

import hashlib
import hmac

from hookline.protocol.message import Message
from hookline.protocol.signatures.handshake import Handshake, Reply, json_object, json_reply, reflected
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme


def _validation(message: Message, secrets: tuple[bytes, ...]) -> Reply | None:
    # Answered only when it is signed: whoever may choose the token has the signature of any text.
    if b"endpoint.url_validation" not in message.body:
        return None
    body = json_object(message)
    payload = body.get("payload")
    token = payload.get("plainToken") if isinstance(payload, dict) else None
    if body.get("event") != "endpoint.url_validation" or not isinstance(token, str) or not reflected(token):
        return None
    encrypted = hmac.new(secrets[0], token.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return json_reply({"plainToken": token, "encryptedToken": encrypted})


SCHEME = scheme(
    "zoom",
    Layout(
        header="x-zm-signature",
        prefix="v0=",
        content="v0:{timestamp}:{body}",
        timestamp_header="x-zm-request-timestamp",
    ),
    event_type="body:event",
    handshake=Handshake(_validation),
)
