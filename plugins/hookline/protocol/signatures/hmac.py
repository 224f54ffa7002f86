"""``hmac``: a keyed digest of the raw body (RFC 2104), laid out as the source's options say."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import Credentials, Scheme, any_equal, header_option, text_option

ALGORITHMS = ("sha1", "sha256", "sha512")
ENCODINGS = ("hex", "base64")
DEFAULT_TOLERANCE = 300
_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")


@dataclass(frozen=True, slots=True)
class Layout:
    """What is signed and where the signature stands.

    :param header: carries the signature.
    :param algorithm: ``sha1``, ``sha256`` or ``sha512``.
    :param encoding: ``hex`` or ``base64``.
    :param prefix: precedes the encoded signature.
    :param content: text with ``{body}`` and, where wanted, ``{timestamp}`` and ``{url}``.
    :param timestamp_header: carries the time of signing in Unix seconds, or empty.
    :param tolerance: seconds that the time of signing may lie before or after the arrival.
    """

    header: str
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    content: str = "{body}"
    timestamp_header: str = ""
    tolerance: int = DEFAULT_TOLERANCE

    def __post_init__(self) -> None:
        """Check that the layout signs what it must.

        :raises ConfigurationError: it does not.
        """
        if self.algorithm not in ALGORITHMS:
            raise ConfigurationError(f"`signature_algorithm` must be one of {', '.join(ALGORITHMS)}.")
        if self.encoding not in ENCODINGS:
            raise ConfigurationError(f"`signature_encoding` must be one of {', '.join(ENCODINGS)}.")
        placeholders = set(_PLACEHOLDER.findall(self.content))
        if unknown := placeholders - {"{body}", "{timestamp}", "{url}"}:
            raise ConfigurationError(f"`signed_content` has the unknown placeholder `{min(unknown)}`.")
        if "{body}" not in placeholders:
            raise ConfigurationError("`signed_content` must hold `{body}`; else anybody could change it.")
        if ("{timestamp}" in placeholders) != bool(self.timestamp_header):
            raise ConfigurationError(
                "`timestamp_header` and `{timestamp}` in `signed_content` go together:"
                " an unsigned time proves nothing."
            )
        if self.tolerance <= 0:
            raise ConfigurationError("`timestamp_tolerance` must be a positive number of seconds.")

    def signature(self, key: bytes, body: Iterable[bytes], *, url: str, timestamp: str) -> bytes:
        """Return prefix and encoded digest.

        :param body: in pieces; gone through once for each ``{body}``.
        """
        digest = hmac.new(key, digestmod=self.algorithm)
        values = {
            "{timestamp}": timestamp.encode("latin-1"),
            "{url}": url.encode("utf-8", "surrogatepass"),
        }
        for part in _PLACEHOLDER.split(self.content):
            if part == "{body}":
                for piece in body:
                    digest.update(piece)
            else:
                digest.update(values.get(part, part.encode()))
        raw = digest.digest()
        return self.prefix.encode() + (
            raw.hex().encode() if self.encoding == "hex" else base64.b64encode(raw)
        )


@dataclass(frozen=True, slots=True)
class Hmac:
    """Verifies and makes signatures of one layout."""

    credentials: Credentials
    layout: Layout

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset({self.layout.header.lower()})

    @property
    def covers_query(self) -> bool:
        """Whether the URL is signed."""
        return "{url}" in self.layout.content

    def verify(self, message: Message) -> None:
        """Accept a signature made with one of the secrets, at a time within the tolerance.

        :raises Rejected: a header is missing, repeated or malformed, the time is off, or the digest differs.
        """
        presented = message.headers.get(self.layout.header)
        if presented is None:
            raise unauthenticated(f"No single `{self.layout.header}` header.")
        timestamp = self._timestamp(message)
        expected = tuple(self._signature(key, message, timestamp) for key in self.credentials.encoded)
        if self.layout.encoding == "hex":
            start = len(self.layout.prefix)
            presented = presented[:start] + presented[start:].lower()
        if not any_equal(presented.encode("latin-1"), expected):
            raise unauthenticated(f"`{self.layout.header}` is not the signature of this body.")

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the signature's header and, where the layout has one, the timestamp's."""
        stamp = str(int(message.received_at.timestamp())) if self.layout.timestamp_header else ""
        signature = self._signature(self.credentials.encoded[0], message, stamp).decode("latin-1")
        headers = {self.layout.header: signature}
        return headers | ({self.layout.timestamp_header: stamp} if stamp else {})

    def _signature(self, key: bytes, message: Message, timestamp: str) -> bytes:
        return self.layout.signature(key, (message.body,), url=message.url, timestamp=timestamp)

    def _timestamp(self, message: Message) -> str:
        name = self.layout.timestamp_header
        if not name:
            return ""
        stamp = message.headers.get(name)
        if stamp is None:
            raise unauthenticated(f"No single `{name}` header.")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise unauthenticated(f"`{name}` is not a time in Unix seconds.")
        off = message.received_at.timestamp() - int(stamp)
        if abs(off) > self.layout.tolerance:
            raise unauthenticated(
                f"`{name}` is {abs(off):.0f} s {'old' if off > 0 else 'ahead'};"
                f" {self.layout.tolerance} s are allowed."
            )
        return stamp


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Hmac:
    tolerance = extra.get("timestamp_tolerance", DEFAULT_TOLERANCE)
    try:
        seconds = int(str(tolerance))
    except ValueError:
        raise ConfigurationError("`timestamp_tolerance` must be a whole number of seconds.") from None
    layout = Layout(
        header=header_option(extra, "signature_header", "X-Signature"),
        algorithm=text_option(extra, "signature_algorithm", "sha256"),
        encoding=text_option(extra, "signature_encoding", "hex"),
        prefix=text_option(extra, "signature_prefix", ""),
        content=text_option(extra, "signed_content", "{body}"),
        timestamp_header=header_option(extra, "timestamp_header", ""),
        tolerance=seconds,
    )
    return Hmac(credentials, layout)


SCHEME = Scheme(
    name="hmac",
    build=_build,
    options=frozenset(
        {
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
