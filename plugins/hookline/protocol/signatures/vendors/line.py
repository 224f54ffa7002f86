"""``line``: HMAC-SHA256 of the body in base64. The console's *Verify* sends no events, and is answered.

Source: https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/ and
https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "line",
    Layout(header="x-line-signature", encoding="base64"),
    event_type="body:events[0].type || type || 'verify'",
    event_id="body:events[0].webhookEventId || webhookEventId",
    pings=frozenset({"verify"}),
)
