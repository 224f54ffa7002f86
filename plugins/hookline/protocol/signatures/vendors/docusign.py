"""``docusign``: HMAC-SHA256 of the body in base64, one header for each of the account's keys.

Source: https://developers.docusign.com/platform/webhooks/connect/hmac/
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "docusign",
    Layout(
        header="X-DocuSign-Signature-1",
        also=tuple(f"X-DocuSign-Signature-{number}" for number in range(2, 11)),
        encoding="base64",
    ),
    event_type="body:event",
)
