"""``github``: HMAC-SHA256 of the body.

Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries and
https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "github",
    Layout(header="X-Hub-Signature-256", prefix="sha256="),
    event_type="header:X-GitHub-Event",
    event_id="header:X-GitHub-Delivery",
    pings=frozenset({"ping"}),
)
