"""``zendesk``: HMAC-SHA256 of time and body in base64. The path is the type: triggers write any body.

Source: https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "zendesk",
    Layout(
        header="X-Zendesk-Webhook-Signature",
        encoding="base64",
        content="{timestamp}{body}",
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
        timestamp_unit="iso",
    ),
    event_id="header:X-Zendesk-Webhook-Invocation-Id",
)
