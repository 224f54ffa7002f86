"""A keyed digest of the body (RFC 2104) in a header, laid out as for sources of ``auth_type`` ``hmac``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError
from hookline.http.auth.clock import now
from hookline.http.headers import checked
from hookline.protocol.signatures.layout import Layout

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def check(target: Target) -> None:
    """Require a secret and a layout that signs the body."""
    if not target.password:
        raise ConfigurationError("auth_type hmac needs the secret in the password of the Connection")
    _layout(target)
    checked({target.signature_header: target.signature_prefix}, "extra `signature_prefix`")


def secrets(target: Target) -> tuple[str, ...]:
    """Return the secret."""
    return (target.password,)


def authenticate(target: Target, request: Request) -> Request:
    """Add the signature's header and, where there is one, the timestamp's."""
    layout = _layout(target)
    stamp = str(int(now())) if layout.timestamp_header else ""
    signature = layout.signature(
        target.password.encode(), request.body or (), url=request.url, timestamp=stamp, method=request.method
    )
    if stamp:
        request = request.with_header(layout.timestamp_header, stamp)
    return request.with_header(layout.header, signature.decode("latin-1"))


def _layout(target: Target) -> Layout:
    return Layout(
        header=target.signature_header,
        algorithm=target.signature_algorithm,
        encoding=target.signature_encoding,
        prefix=target.signature_prefix,
        content=target.signed_content,
        timestamp_header=target.timestamp_header,
    )
