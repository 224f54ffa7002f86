"""Certificates of an authority made for one test run."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID


class Authority:
    """Signs certificates; its own is ``certificate``, as PEM."""

    def __init__(self, name: str = "CN=Test Authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string(name)
        self.certificate = _pem(self._sign(self._name, self._key, None))

    def issue(self, subject: str, *names: x509.GeneralName) -> tuple[x509.Certificate, bytes]:
        """Return a certificate, and it and its key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(x509.Name.from_rfc4514_string(subject), key, names)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return made, _pem(made) + private

    def server(self, folder: Path, name: str = "server.pem") -> Path:
        """Write a certificate for 127.0.0.1 and its key into one file."""
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        file = folder / name
        file.write_bytes(self.issue("CN=gateway", loopback)[1])
        return file

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: tuple[x509.GeneralName, ...] | None
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        )
        if names is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
