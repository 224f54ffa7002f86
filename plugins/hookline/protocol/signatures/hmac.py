"""``hmac``: a keyed digest of the raw body (RFC 2104), laid out as the source's options say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.protocol.locator import Locator
from hookline.protocol.signatures.keys import SharedKey
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.scheme import (
    Credentials,
    Scheme,
    header_option,
    seconds_option,
    text_option,
)
from hookline.protocol.signatures.signed import Signed, public_url_option
from hookline.protocol.signatures.timing import DEFAULT_TOLERANCE


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Signed:
    where = Locator.parse(text_option(extra, "event_id", "path"))
    layout = Layout(
        header=header_option(extra, "signature_header", "X-Signature"),
        algorithm=text_option(extra, "signature_algorithm", "sha256"),
        encoding=text_option(extra, "signature_encoding", "hex"),
        prefix=text_option(extra, "signature_prefix", ""),
        content=text_option(extra, "signed_content", "{body}"),
        timestamp_header=header_option(extra, "timestamp_header", ""),
        tolerance=seconds_option(extra, "timestamp_tolerance", DEFAULT_TOLERANCE),
        id_header=where.argument if where.kind == "header" else "",
    )
    keys = tuple(SharedKey(secret, layout) for secret in credentials.encoded)
    return Signed(layout, keys, public_url_option(extra))


SCHEME = Scheme(
    name="hmac",
    build=_build,
    options=frozenset(
        {
            "public_url",
            "signature_header",
            "signature_algorithm",
            "signature_encoding",
            "signature_prefix",
            "signed_content",
            "timestamp_header",
            "timestamp_tolerance",
        }
    ),
)
