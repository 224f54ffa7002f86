"""Client certificates: how proxies forward them, and whom a source expects in them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

LONGEST = 16_384
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_BARE = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
KINDS = ("dns", "email", "ip", "uri")


def read(value: str) -> Certificate | None:
    """Return the certificate in a header's value, or None when there is none to be read.

    Three spellings: ``:base64:`` (``Client-Cert``, RFC 9440), percent-encoded PEM (nginx,
    ``$ssl_client_escaped_cert``), and its percent-encoded base64 alone, the client's own first
    (Traefik, ``X-Forwarded-Tls-Client-Cert``).
    """
    if not value or len(value) > LONGEST:
        return None
    if value.startswith(":"):
        encoded = value.encode("latin-1") if value.endswith(":") else b""
        return _load(encoded[1:-1])
    text = unquote_to_bytes(value)
    return _load(text.partition(b",")[0]) if b"-----" not in text else read_pem(text.decode("latin-1"))


def read_pem(text: str) -> Certificate | None:
    """Return the first certificate of a PEM text, or None when there is none to be read."""
    pem = _PEM.match(text.encode("latin-1", "replace"))
    return _load(b"".join(pem[1].split())) if pem else None


def _load(encoded: bytes) -> Certificate | None:
    from cryptography.x509 import load_der_x509_certificate

    if not _BARE.match(encoded):
        return None
    try:
        return load_der_x509_certificate(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return None


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom a source's client certificate names.

    :param subject: the whole subject, or None.
    :param names: subject alternative names as (kind, value), of which one suffices; or none.
    """

    subject: Name | None = None
    names: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def parse(cls, subject: object, names: object) -> Expected | None:
        """Read the two extras; None when both are empty.

        :param subject: as RFC 4514 writes it, such as ``CN=partner,O=Partner Inc,C=DE``.
        :param names: ``dns:NAME``, ``uri:URI``, ``email:ADDRESS``, ``ip:ADDRESS``, separated by commas.
        :raises ConfigurationError: one cannot be read.
        """
        if not isinstance(subject, str) or not isinstance(names, str):
            raise ConfigurationError("`client_cert_subject` and `client_cert_san` must be text.")
        name = None
        if subject:
            from cryptography.x509 import Name

            try:
                name = Name.from_rfc4514_string(subject)
            except ValueError:
                raise ConfigurationError(
                    f"`client_cert_subject` is `{subject}`; write it as in `CN=partner,O=Partner Inc,C=DE`."
                ) from None
        alternatives = frozenset(_alternative(part) for part in names.replace(",", " ").split())
        return cls(name, alternatives) if name or alternatives else None

    def mismatch(self, certificate: Certificate) -> str | None:
        """Return what is wrong with the certificate, or None when it is the expected one."""
        if self.subject is not None and certificate.subject != self.subject:
            return f"The client certificate's subject is `{certificate.subject.rfc4514_string()}`."
        if self.names and not self.names & alternatives(certificate):
            return "The client certificate has none of the expected alternative names."
        return None


def alternatives(certificate: Certificate) -> frozenset[tuple[str, str]]:
    """Return the subject alternative names of a certificate as (kind, value)."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return frozenset()
    return frozenset(
        [("dns", name.lower()) for name in names.get_values_for_type(x509.DNSName)]
        + [("uri", name) for name in names.get_values_for_type(x509.UniformResourceIdentifier)]
        + [("email", name) for name in names.get_values_for_type(x509.RFC822Name)]
        + [("ip", str(name)) for name in names.get_values_for_type(x509.IPAddress)]
    )


def _alternative(text: str) -> tuple[str, str]:
    kind, _, value = text.partition(":")
    if kind not in KINDS or not value:
        raise ConfigurationError(
            f"`client_cert_san` has `{text}`; write `dns:partner.example`, `uri:…`, `email:…` or `ip:…`."
        )
    return kind, value.lower() if kind == "dns" else value
