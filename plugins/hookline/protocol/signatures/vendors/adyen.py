"""``adyen``: HMAC-SHA256 in base64, of the body in a header, or of eight fields of each item in the item.

What else a payment's item says is not signed. The secret is the key in hexadecimal, as the console shows it.

Source: https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import extent
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.handshake import json_object
from hookline.protocol.signatures.keys import SharedKey, decoded
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import Signed, scheme

LAYOUT = Layout(header="HmacSignature", encoding="base64")
MAX_ITEMS = 100
MAX_BYTES = 1024 * 1024
"""Of a body that is parsed before it is verified, which is where the signatures are."""
_ITEM = "notificationItems[0].NotificationRequestItem"


class Notification(Signed):
    """Verifies the header, or every item where there is none."""

    __slots__ = ()

    def verify(self, message: Message) -> None:
        """Accept a body, or items, signed with one of the keys."""
        if self.layout.header in message.headers:
            super().verify(message)
            return
        for item in _items(message):
            presented = ((self.layout.version, str(_mapping(item, "additionalData").get("hmacSignature"))),)
            content = _signed(item)
            found = [key.accepts(presented, (content,)) for key in self.keys]
            if True not in found:
                shown = repr(content.decode("utf-8", "replace")[:300])
                raise unauthenticated(f"`additionalData.hmacSignature` is not the signature of {shown}.")

    def replay_key(self, message: Message) -> bytes | None:
        """Return a digest of what was signed."""
        if self.layout.header in message.headers:
            return super().replay_key(message)
        return hashlib.sha256(b"\n".join(map(_signed, _items(message)))).digest()


def _items(message: Message) -> list[Mapping[str, Any]]:
    if extent.size(message.content) > MAX_BYTES:
        raise unauthenticated(
            f"No single `{LAYOUT.header}` header, and a body of more than {MAX_BYTES} bytes."
        )
    items = json_object(message).get("notificationItems")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS:
        raise unauthenticated(
            f"No single `{LAYOUT.header}` header, and no 1 to {MAX_ITEMS} items in the body."
        )
    return [_mapping(item, "NotificationRequestItem") for item in items]


def _signed(item: Mapping[str, Any]) -> bytes:
    amount = _mapping(item, "amount")
    fields = [
        *(item.get(name) for name in ("pspReference", "originalReference", "merchantAccountCode")),
        *(item.get("merchantReference"), amount.get("value"), amount.get("currency")),
        *(item.get("eventCode"), item.get("success")),
    ]
    return ":".join("" if field is None else str(field) for field in fields).encode("utf-8", "surrogatepass")


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _key(secret: str) -> SharedKey:
    key = decoded(secret.strip(), "hex")
    if not key:
        raise ConfigurationError("The secret of `auth_type` adyen is the HMAC key, in hexadecimal.")
    return SharedKey(key, LAYOUT, "hex")


SCHEME = scheme(
    "adyen",
    LAYOUT,
    event_type=f"body:{_ITEM}.eventCode || type",
    event_id=f"body:{_ITEM} && join(':', [{_ITEM}.pspReference, {_ITEM}.eventCode, {_ITEM}.success])",
    key=_key,
    verifier=Notification,
)
