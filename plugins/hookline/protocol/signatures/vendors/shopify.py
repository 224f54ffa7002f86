"""``shopify``: HMAC-SHA256 of the body in base64. ``orders/paid`` runs ``shopify.orders.paid``.

Source: https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook-to-ensure-its-coming-from-shopify
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "shopify",
    Layout(header="X-Shopify-Hmac-Sha256", encoding="base64"),
    event_type="header:X-Shopify-Topic",
    event_id="header:X-Shopify-Webhook-Id",
    separator="/",
)
