"""``twitter``: HMAC-SHA256 of the body in base64; the challenge-response check is answered.

Source: https://docs.x.com/x-api/webhooks/quickstart
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.handshake import Handshake, Reply, json_reply, single
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import Signed, scheme

# The check gives anybody the signature of a token. So a token is never what an event is, a JSON object.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}={0,2}\Z")


class Events(Signed):
    """Verifies that the body is signed, and that its signature was not got by the check."""

    __slots__ = ()

    def verify(self, message: Message) -> None:
        """Accept a signed JSON object."""
        if not message.body.startswith(b"{"):
            raise unauthenticated("The body is no JSON object, so its signature may come from the check.")
        super().verify(message)


def _check(message: Message, secrets: tuple[bytes, ...]) -> Reply | None:
    token = single(message, "crc_token")
    if message.method != "GET" or token is None:
        return None
    if not _TOKEN.match(token):
        raise unauthenticated("`crc_token` has characters that a token has not.")
    digest = hmac.new(secrets[0], token.encode("ascii"), hashlib.sha256).digest()
    return json_reply({"response_token": "sha256=" + base64.b64encode(digest).decode("ascii")})


SCHEME = scheme(
    "twitter",
    Layout(header="x-twitter-webhooks-signature", prefix="sha256=", encoding="base64"),
    handshake=Handshake(_check, signed=False, methods=frozenset({"GET"})),
    verifier=Events,
)
