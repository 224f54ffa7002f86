"""``sendgrid``: ECDSA of time and body; the secret is the account's verification key.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

from hookline.protocol.signatures.keys import decoded, ecdsa
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "sendgrid",
    Layout(
        header="X-Twilio-Email-Event-Webhook-Signature",
        encoding="base64",
        content="{timestamp}{body}",
        timestamp_header="X-Twilio-Email-Event-Webhook-Timestamp",
    ),
    event_type="body:[0].event || event",
    key=lambda secret: ecdsa(decoded(secret, "base64") or b""),
)
