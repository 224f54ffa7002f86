"""``elasticio``: HMAC-SHA512 of the body.

Source: https://github.com/elasticio/webhook-component#hmac-verification
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme("elasticio", Layout(header="x-eio-signature", algorithm="sha512"))
