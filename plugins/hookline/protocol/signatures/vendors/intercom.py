"""``intercom``: HMAC-SHA1 of the body.

Source: https://developers.intercom.com/docs/references/webhooks/webhook-models and
https://developers.intercom.com/docs/webhooks/setting-up-webhooks#signed-notifications
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "intercom",
    Layout(header="X-Hub-Signature", algorithm="sha1", prefix="sha1="),
    event_type="body:topic",
    event_id="body:id",
    pings=frozenset({"ping"}),
)
