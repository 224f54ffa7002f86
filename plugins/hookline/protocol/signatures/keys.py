"""Keys that tell a genuine signature: shared ones, and the sender's public ones."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from hookline.exceptions import ConfigurationError
from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.scheme import any_equal
from hookline.protocol.signatures.shell import DECODED, DECODED_KEY, HEX_KEY, KEY

_IN_SHELL: dict[str, tuple[tuple[str, ...], str]] = {
    "text": ((), KEY),
    "hex": ((), HEX_KEY),
    "base64": ((DECODED,), DECODED_KEY),
}


class Key(Protocol):
    """One key of a source."""

    def accepts(self, signatures: Iterable[tuple[str, str]], content: Sequence[bytes]) -> bool:
        """Tell whether one of the signatures was made with this key; garbage is none, and never raises.

        :param signatures: each with its name, encoded.
        """

    def sign(self, content: Sequence[bytes]) -> str:
        """Return the encoded signature.

        :raises ConfigurationError: only the sender has the private key.
        """

    def shell(self) -> tuple[tuple[str, ...], str]:
        """Return the lines and the options of ``openssl dgst`` with which a shell signs by ``$SECRET``.

        :raises ConfigurationError: only the sender has the private key.
        """


@dataclass(frozen=True, slots=True)
class SharedKey:
    """The key of an HMAC; signatures are compared as they are encoded, in constant time.

    :param written: how the Connection has it: as ``text``, in ``hex``, or as ``base64`` after ``whsec_``.
    """

    secret: bytes = field(repr=False)
    layout: Layout
    written: str = "text"

    def accepts(self, signatures: Iterable[tuple[str, str]], content: Sequence[bytes]) -> bool:
        """Compare each signature with the only right one."""
        expected = (self.sign(content).encode("ascii"),)
        found = False
        for name, text in signatures:
            presented = text.lower() if self.layout.encoding == "hex" else text
            if name == self.layout.version:
                found |= any_equal(presented.encode("utf-8", "surrogatepass"), expected)
        return found

    def sign(self, content: Sequence[bytes]) -> str:
        """Return the encoded HMAC."""
        return self.layout.digest(self.secret, content)

    def shell(self) -> tuple[tuple[str, ...], str]:
        """Return what decodes the secret, and the options that name it."""
        return _IN_SHELL[self.written]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public part of a key that only the sender has.

    :param check: raises ``InvalidSignature`` unless the first bytes are the signature of the second.
    :param version: name of the signatures that it may have made.
    """

    check: Callable[[bytes, bytes], None] = field(repr=False)
    encoding: str
    version: str = ""

    def accepts(self, signatures: Iterable[tuple[str, str]], content: Sequence[bytes]) -> bool:
        """Verify each signature over the whole content."""
        from cryptography.exceptions import InvalidSignature

        message = b"".join(content)
        for name, text in signatures:
            signature = decoded(text, self.encoding) if name == self.version else None
            if signature is not None:
                with suppress(InvalidSignature):
                    self.check(signature, message)
                    return True
        return False

    def sign(self, content: Sequence[bytes]) -> str:  # noqa: ARG002
        """Raise: there is no private key here."""
        raise only_the_sender()

    def shell(self) -> tuple[tuple[str, ...], str]:
        """Raise: there is no private key here."""
        raise only_the_sender()


def ed25519(raw: bytes, encoding: str, version: str = "") -> PublicKey:
    """Return a key of Ed25519 (RFC 8032) from its 32 bytes.

    :raises ConfigurationError: they are none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return PublicKey(Ed25519PublicKey.from_public_bytes(raw).verify, encoding, version)
    except ValueError:
        raise ConfigurationError("The password is no public key of Ed25519, which has 32 bytes.") from None


def ecdsa(der: bytes) -> PublicKey:
    """Return a key of ECDSA with SHA-256, whose signatures are DER in base64 (RFC 3279, section 2.2.3).

    :param der: its ``SubjectPublicKeyInfo``.
    :raises ConfigurationError: it is none, or of another algorithm.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, EllipticCurvePublicKey):
        raise ConfigurationError("The password is no public key of ECDSA in base64.")
    return PublicKey(partial(public.verify, signature_algorithm=ECDSA(SHA256())), "base64")


def decoded(text: str, encoding: str) -> bytes | None:
    """Return the bytes of hexadecimal or base64 text, or None if it is something else."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None


def only_the_sender() -> ConfigurationError:
    """Return the error of a scheme whose secret is not here."""
    return ConfigurationError("Only the sender itself can sign: its private key is not here.")
