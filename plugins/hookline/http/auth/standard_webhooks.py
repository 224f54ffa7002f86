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
    """Require a secret as the specification writes it."""
    _key(target)


def secrets(target: Target) -> tuple[str, ...]:
    """Return the secret, with and without its prefix."""
    return (target.password, target.password.removeprefix(PREFIX))


def authenticate(target: Target, request: Request) -> Request:
    """Add ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``.

    The id is the request's ``Idempotency-Key``, where it has one: both stay the same when it is sent again.
    """
    message_id = key_of(request.headers) or f"msg_{uuid6.uuid7().hex}"
    if "." in message_id:
        raise ConfigurationError("Idempotency-Key holds a dot, and the id of a Standard Webhook cannot")
    stamp = str(int(clock.now()))
    digest = hmac.new(_key(target), f"{message_id}.{stamp}.".encode("latin-1"), hashlib.sha256)
    for piece in request.body or ():
        digest.update(piece)
    signature = base64.b64encode(digest.digest()).decode("ascii")
    return (
        request.with_header("webhook-id", message_id)
        .with_header("webhook-timestamp", stamp)
        .with_header("webhook-signature", f"v1,{signature}")
    )


def _key(target: Target) -> bytes:
    try:
        key = base64.b64decode(target.password.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in KEY_BYTES:
        raise ConfigurationError(
            f"auth_type standard_webhooks needs the secret in the password of the Connection: {PREFIX} and "
            f"Base64 of {KEY_BYTES.start} to {KEY_BYTES.stop - 1} bytes"
        )
    return key
