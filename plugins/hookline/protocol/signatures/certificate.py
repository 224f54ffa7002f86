"""A public key out of a certificate that a known authority vouches for (RFC 5280)."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509.verification import Store

MAX_CHAIN = 8
"""Certificates in one document."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


class Untrusted(Exception):
    """The certificate is not to be believed; the message says why."""


def public_key(pem: bytes, domain: str, at: datetime, roots: Store | None = None) -> RSAPublicKey:
    """Return the RSA key of the first certificate.

    :param pem: the certificate, followed by those of its authorities in any order.
    :param domain: what the certificate must be issued for a name in.
    :param at: when the whole chain has to be valid.
    :param roots: authorities that are believed; those that the Mozilla project believes if None.
    :raises Untrusted: it is no certificate, expired, for another name, or nobody known vouches for it.
    """
    # A chain costs a millisecond to verify: the same one is good for the hour.
    return _checked(pem, domain, at.replace(minute=0, second=0, microsecond=0), roots)


@lru_cache(maxsize=64)
def _checked(pem: bytes, domain: str, at: datetime, roots: Store | None) -> RSAPublicKey:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509.verification import PolicyBuilder, VerificationError

    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = alternatives.get_values_for_type(x509.DNSName)
        key = leaf.public_key()
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise Untrusted(f"it cannot be read ({type(error).__name__})") from None
    name = next((name for name in names if f".{name.lower()}".endswith(f".{domain}")), None)
    if name is None or "*" in name:
        raise Untrusted(f"it is not issued for a name in {domain}")
    if not isinstance(key, RSAPublicKey) or len(others) >= MAX_CHAIN:
        raise Untrusted("it has no RSA key, or too long a chain")
    policy = PolicyBuilder().store(roots or _public()).time(at)
    try:
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, others)
    except (VerificationError, ValueError) as error:
        raise Untrusted(str(error)[:200]) from None
    return key


@lru_cache(maxsize=1)
def _public() -> Store:
    import certifi
    from cryptography import x509
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509.verification import Store

    roots = []
    with warnings.catch_warnings():
        # The bundle has a root that RFC 5280 disallows; nothing is lost without it.
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for pem in _PEM.findall(certifi.contents()):
            with suppress(ValueError, CryptographyDeprecationWarning):
                roots.append(x509.load_pem_x509_certificate(pem.encode("ascii")))
    return Store(roots)
