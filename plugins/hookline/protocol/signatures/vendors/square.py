"""``square``: HMAC-SHA256 of notification URL and body in base64.

Source: https://developer.squareup.com/docs/webhooks/step3validate
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "square",
    Layout(header="x-square-hmacsha256-signature", encoding="base64", content="{url}{body}"),
    event_type="body:type",
    event_id="body:event_id",
)
