"""``typeform``: HMAC-SHA256 of the body in base64.

Source: https://www.typeform.com/developers/webhooks/secure-your-webhooks/
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "typeform",
    Layout(header="Typeform-Signature", encoding="base64", prefix="sha256="),
    event_type="body:event_type",
    event_id="body:event_id",
)
