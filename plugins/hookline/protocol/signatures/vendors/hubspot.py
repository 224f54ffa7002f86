"""``hubspot``: HMAC-SHA256 of method, URL, body and time in base64 (version 3).

Source: https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests#validate-the-v3-request-signature
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

_DECODED = {f"%{ord(character):02X}": character for character in ":/?@!$'()*,;"}


def _urls(url: str) -> tuple[str, ...]:
    # The vendor decodes these characters before it signs, and its own libraries do not.
    decoded = url
    for escape, character in _DECODED.items():
        decoded = decoded.replace(escape, character).replace(escape.lower(), character)
    return (url,) if decoded == url else (url, decoded)


SCHEME = scheme(
    "hubspot",
    Layout(
        header="X-HubSpot-Signature-v3",
        encoding="base64",
        content="{method}{url}{body}{timestamp}",
        timestamp_header="X-HubSpot-Request-Timestamp",
        timestamp_unit="ms",
        urls=_urls,
    ),
    event_type="body:[0].subscriptionType || subscriptionType",
)
