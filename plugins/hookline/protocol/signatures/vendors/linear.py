"""``linear``: HMAC-SHA256 of the body, which holds the time. ``Issue`` and ``create`` are ``Issue.create``.

Source: https://linear.app/developers/webhooks#securing-webhooks
"""

from __future__ import annotations

from dataclasses import replace

from hookline.protocol.message import Message
from hookline.protocol.signatures import timing
from hookline.protocol.signatures.handshake import json_object
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.shell import Shell
from hookline.protocol.signatures.signed import Signed, scheme


class Timed(Signed):
    """Verifies the time in the body as well."""

    __slots__ = ()

    def verify(self, message: Message) -> None:
        """Accept a signed body whose ``webhookTimestamp`` is within the tolerance."""
        super().verify(message)
        stamp = str(json_object(message).get("webhookTimestamp"))
        tolerance = self.layout.tolerance
        timing.check(stamp, unit="ms", name="webhookTimestamp", message=message, tolerance=tolerance)

    def shell(self, url: str, method: str) -> Shell:
        """Return the lines that sign a body with its time."""
        return replace(super().shell(url, method), time_in="webhookTimestamp")

    def replay_key(self, message: Message) -> bytes | None:  # noqa: ARG002
        """Return nothing: the body's time is signed."""
        return None


SCHEME = scheme(
    "linear",
    Layout(header="Linear-Signature"),
    event_type="body:join('.', [type, action])",
    event_id="header:Linear-Delivery",
    verifier=Timed,
    options=frozenset({"timestamp_tolerance"}),
)
