"""``meta``: HMAC-SHA256 of the body by the app's secret; the subscription's ``GET`` is answered.

Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

from hookline.protocol.signatures.handshakes import META
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "meta",
    Layout(header="X-Hub-Signature-256", prefix="sha256="),
    event_type="body:object",
    handshake=META,
)
