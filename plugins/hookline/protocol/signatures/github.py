"""``github``: HMAC-SHA256 of the body.

Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries and
https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.protocol.locator import Locator
from hookline.protocol.signatures.hmac import Hmac, Layout
from hookline.protocol.signatures.scheme import Credentials, Scheme

LAYOUT = Layout(header="X-Hub-Signature-256", prefix="sha256=")


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Hmac:  # noqa: ARG001
    return Hmac(credentials, LAYOUT)


SCHEME = Scheme(
    name="github",
    build=_build,
    event_type=Locator("header", "X-GitHub-Event"),
    event_id=Locator("header", "X-GitHub-Delivery"),
    handshakes=frozenset({"ping"}),
)
