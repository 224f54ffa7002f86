"""``stripe``: HMAC-SHA256 of time and body, several signatures while a secret is rolled.

Source: https://docs.stripe.com/webhooks/signature and https://docs.stripe.com/api/events/object
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout, Listed
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "stripe",
    Layout(header="Stripe-Signature", content="{timestamp}.{body}", listed=Listed(timestamp="t")),
    event_type="body:type",
    event_id="body:id",
)
