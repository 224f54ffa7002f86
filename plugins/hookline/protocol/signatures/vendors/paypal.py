"""``paypal``: RSA over transmission id, time, webhook id and the body's CRC-32, by a certificate of PayPal's.

The secret is the webhook's id, which PayPal's site shows. The certificate is fetched from PayPal only, and
believed when a public authority vouches for a name of PayPal's. A delivery is tried again for three days,
so its time may be as old.

Source: https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverificationmethod
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from hookline.protocol.problem import Rejected, unauthenticated
from hookline.protocol.signatures import timing
from hookline.protocol.signatures.certificate import Untrusted, public_key
from hookline.protocol.signatures.keys import decoded, only_the_sender
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier, seconds_option, text_option
from hookline.protocol.signatures.shell import Shell

if TYPE_CHECKING:
    from cryptography.x509.verification import Store

ID, TIME, SIGNATURE, CERTIFICATE, ALGORITHM = HEADERS = (
    "PayPal-Transmission-Id",
    "PayPal-Transmission-Time",
    "PayPal-Transmission-Sig",
    "PayPal-Cert-Url",
    "PayPal-Auth-Algo",
)
DOMAIN = "paypal.com"
TOLERANCE = 3 * 86400 + 3600
_URL = re.compile(
    r"https://api(-m)?(\.sandbox)?\.paypal\.com/v1/notifications/certs/[A-Za-z0-9][A-Za-z0-9_-]{0,199}\Z"
)

_TRANSMISSION = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class PayPal(Verifier):
    """Verifies with the certificate that it was informed of.

    :param webhook_ids: the current one and, while webhooks change over, the previous one.
    :param intermediates: certificates in PEM that PayPal's file may lack.
    :param roots: authorities that are believed; the public ones if None.
    """

    webhook_ids: tuple[str, ...] = field(repr=False)
    tolerance: int = TOLERANCE
    intermediates: bytes = b""
    certificate: bytes | None = field(default=None, repr=False)
    roots: Store | None = field(default=None, repr=False)

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset({SIGNATURE.lower()})

    @property
    def covers_query(self) -> bool:
        """Whether the query is signed, which it is not."""
        return False

    @property
    def covers_headers(self) -> bool:
        """Whether headers are signed, which they are not."""
        return False

    @property
    def covers_body(self) -> bool:
        """Whether the body is signed, of which only the CRC-32 is."""
        return False

    def document(self, message: Message) -> str | None:
        """Return where the certificate is, unless the message is refused whatever it says."""
        try:
            return self._plausible(message)[CERTIFICATE]
        except Rejected:
            return None

    def informed(self, document: bytes) -> Self:
        """Return the verifier with this certificate, in PEM, with those of its authorities."""
        return replace(self, certificate=document)

    def verify(self, message: Message) -> None:
        """Accept a delivery to this webhook, signed by PayPal."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        fields = self._plausible(message)
        if self.certificate is None:
            raise unauthenticated("PayPal's certificate was not fetched.")
        try:
            key = public_key(
                self.certificate + b"\n" + self.intermediates, DOMAIN, message.received_at, self.roots
            )
        except Untrusted as error:
            raise unauthenticated(
                f"The certificate at `{fields[CERTIFICATE]}` is not believed: {error}"
            ) from None
        for webhook_id in self.webhook_ids:
            try:
                key.verify(
                    decoded(fields[SIGNATURE], "base64") or b"",
                    _signed(message, fields, webhook_id),
                    PKCS1v15(),
                    SHA256(),
                )
            except InvalidSignature:
                continue
            return
        shown = repr(_signed(message, fields, "<webhook id>").decode("utf-8", "replace")[:300])
        raise unauthenticated(f"`{SIGNATURE}` is not the signature of {shown}.")

    def _plausible(self, message: Message) -> dict[str, str]:
        fields = _fields(message)
        if not _URL.match(fields[CERTIFICATE]):
            raise unauthenticated(f"`{CERTIFICATE}` is no address of PayPal's certificates.")
        if fields[ALGORITHM] != "SHA256withRSA":
            raise unauthenticated(f"`{ALGORITHM}` is not SHA256withRSA.")
        if not _TRANSMISSION.match(fields[ID]):
            raise unauthenticated(f"`{ID}` is no transmission's id.")
        if not decoded(fields[SIGNATURE], "base64"):
            raise unauthenticated(f"`{SIGNATURE}` is not base64.")
        timing.check(fields[TIME], unit="iso", name=TIME, message=message, tolerance=self.tolerance)
        return fields

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Raise: PayPal has the private key."""
        raise only_the_sender()

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Raise: PayPal has the private key."""
        raise only_the_sender()

    @property
    def replay_window(self) -> int:
        """As long as a time of signing is accepted."""
        return self.tolerance

    def replay_key(self, message: Message) -> bytes | None:
        """Return a digest of transmission id and time: a body with the same CRC-32 is easily made."""
        fields = _fields(message)
        return hashlib.sha256(f"{fields[ID]}|{fields[TIME]}".encode("latin-1")).digest()


def _fields(message: Message) -> dict[str, str]:
    fields = {}
    for name in HEADERS:
        value = message.headers.get(name)
        if value is None:
            raise unauthenticated(f"No single `{name}` header.")
        fields[name] = value
    return fields


def _signed(message: Message, fields: Mapping[str, str], webhook_id: str) -> bytes:
    text = f"{fields[ID]}|{fields[TIME]}|{webhook_id}|{zlib.crc32(message.body)}"
    return text.encode("utf-8", "surrogatepass")


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> PayPal:
    return PayPal(
        webhook_ids=credentials.secrets,
        tolerance=seconds_option(extra, "timestamp_tolerance", TOLERANCE),
        intermediates=text_option(extra, "intermediate_certificates", "").encode("utf-8", "surrogatepass"),
    )


SCHEME = Scheme(
    name="paypal",
    build=_build,
    options=frozenset({"timestamp_tolerance", "intermediate_certificates"}),
    event_type=Locator("body", "event_type"),
    event_id=Locator("body", "id"),
)
