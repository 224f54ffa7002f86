"""``svix``: Standard Webhooks as Svix sends them, under names of its own.

Source: https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

from __future__ import annotations

from hookline.protocol.signatures.signed import scheme
from hookline.protocol.signatures.standard_webhooks import key, named

SCHEME = scheme("svix", named("svix"), event_type="body:type", event_id="header:svix-id", key=key)
