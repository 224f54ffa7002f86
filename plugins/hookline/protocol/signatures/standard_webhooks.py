"""``standard_webhooks``: HMAC-SHA256 (``v1``) and Ed25519 (``v1a``) over id, time and body.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from dataclasses import replace

from hookline.exceptions import ConfigurationError
from hookline.protocol.signatures.keys import Key, SharedKey, decoded, ed25519
from hookline.protocol.signatures.layout import Layout, Listed
from hookline.protocol.signatures.signed import scheme

LAYOUT = Layout(
    header="webhook-signature",
    encoding="base64",
    content="{id}.{timestamp}.{body}",
    timestamp_header="webhook-timestamp",
    id_header="webhook-id",
    listed=Listed(separator=" ", assignment=","),
)


def key(secret: str, layout: Layout = LAYOUT) -> Key:
    """Return the key of a ``whsec_`` secret or of a ``whpk_`` public key.

    :raises ConfigurationError: what follows the prefix is not base64, or no key.
    """
    public = secret.startswith("whpk_")
    raw = decoded(secret.removeprefix("whpk_" if public else "whsec_"), "base64")
    if not raw:
        raise ConfigurationError("The secret must be `whsec_` or `whpk_` and base64.")
    return ed25519(raw, "base64", "v1a") if public else SharedKey(raw, layout, "base64")


def named(prefix: str) -> Layout:
    """Return the layout whose headers begin with another word than ``webhook``."""
    return replace(
        LAYOUT,
        header=f"{prefix}-signature",
        timestamp_header=f"{prefix}-timestamp",
        id_header=f"{prefix}-id",
    )


SCHEME = scheme("standard_webhooks", LAYOUT, event_type="body:type", event_id="header:webhook-id", key=key)
