"""``paddle``: HMAC-SHA256 of time and body, several signatures while a secret is rotated.

Source: https://developer.paddle.com/webhooks/signature-verification
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout, Listed
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "paddle",
    Layout(
        header="Paddle-Signature",
        content="{timestamp}:{body}",
        listed=Listed(separator=";", signature="h1", timestamp="ts"),
    ),
    event_type="body:event_type",
    event_id="body:event_id",
)
