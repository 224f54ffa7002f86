"""Standard Webhooks, symmetric signatures: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

import uuid6

from hookline.exceptions import ConfigurationError
from hookline.http.auth import clock
from hookline.http.idempotency import key_of

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
"""Lengths that the specification allows."""


def check(target: Target) -> None:
    """Require secrets as the specification writes them."""
    _keys(target)


def secrets(target: Target) -> tuple[str, ...]:
    """Return the secrets, with and without their prefix."""
    both = (target.password, target.previous_secret)
    return (*both, *(secret.removeprefix(PREFIX) for secret in both))


def authenticate(target: Target, request: Request) -> Request:
    """Add ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``.

    The id is the request's ``webhook-id`` or ``Idempotency-Key``, where it has one: both stay the same when
    it is sent again. While the secret is being exchanged there is a signature with the previous one too.
    """
    given = next((value for name, value in request.headers.items() if name.lower() == "webhook-id"), None)
    message_id = given or key_of(request.headers) or f"msg_{uuid6.uuid7().hex}"
    if "." in message_id:
        raise ConfigurationError("Idempotency-Key holds a dot, and the id of a Standard Webhook cannot")
    stamp = str(int(clock.now()))
    digests = [
        hmac.new(key, f"{message_id}.{stamp}.".encode("latin-1"), hashlib.sha256) for key in _keys(target)
    ]
    for piece in request.body or ():
        for digest in digests:
            digest.update(piece)
    signatures = (base64.b64encode(digest.digest()).decode("ascii") for digest in digests)
    if given is None:
        request = request.with_header("webhook-id", message_id)
    return request.with_header("webhook-timestamp", stamp).with_header(
        "webhook-signature", " ".join(f"v1,{signature}" for signature in signatures)
    )


def _keys(target: Target) -> list[bytes]:
    keys = [_key(target.password, "secret in the password")]
    if target.previous_secret:
        keys.append(_key(target.previous_secret, "extra `previous_secret`"))
    return keys


def _key(secret: str, where: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in KEY_BYTES:
        raise ConfigurationError(
            f"auth_type standard_webhooks needs the {where} of the Connection: {PREFIX} and "
            f"Base64 of {KEY_BYTES.start} to {KEY_BYTES.stop - 1} bytes"
        )
    return key
