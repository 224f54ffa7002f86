"""Client certificates as proxies forward them, and whom they name."""

from __future__ import annotations

import base64
import ipaddress
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol import certificate
from hookline.protocol.certificate import Expected
from tests.authority import Authority

AUTHORITY = Authority()
PARTNER, _ = AUTHORITY.issue(
    "CN=partner,O=Partner Inc,C=DE",
    x509.DNSName("Partner.example"),
    x509.UniformResourceIdentifier("spiffe://example/partner"),
    x509.RFC822Name("ops@partner.example"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
)
PEM = PARTNER.public_bytes(Encoding.PEM).decode()
BASE64 = base64.b64encode(PARTNER.public_bytes(Encoding.DER)).decode()


@pytest.mark.parametrize(
    "value",
    [
        f":{BASE64}:",
        quote(PEM),
        quote(PEM, safe=""),
        quote(BASE64, safe=""),
        quote(f"{BASE64},{BASE64}", safe=","),
        BASE64,
    ],
    ids=["RFC 9440", "nginx", "nginx, all escaped", "Traefik", "Traefik, a chain", "base64"],
)
def test_what_proxies_write_is_read(value: str) -> None:
    assert certificate.read(value) == PARTNER


@pytest.mark.parametrize(
    "value",
    ["", ":", "::", f":{BASE64}", f":{BASE64[:-8]}:", ":AAAA:", "-----BEGIN CERTIFICATE-----",
     quote(PEM[:200]), quote(PEM.replace("CERTIFICATE", "PRIVATE KEY")),
     "%00", "é", ":" + "A" * 20_000 + ":", "x" * 100_000],
)  # fmt: skip
def test_anything_else_is_none(value: str) -> None:
    assert certificate.read(value) is None


@given(st.text(st.characters(max_codepoint=255)))
def test_no_value_is_an_error(value: str) -> None:
    assert certificate.read(value) is None


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("CN=partner,O=Partner Inc,C=DE", ""),
        ("", "dns:partner.example"),
        ("", "dns:other.example, uri:spiffe://example/partner"),
        ("", "email:ops@partner.example"),
        ("", "ip:192.0.2.7"),
        ("CN=partner,O=Partner Inc,C=DE", "dns:PARTNER.example"),
    ],
)
def test_the_expected_one_is_known(subject: str, names: str) -> None:
    expected = Expected.parse(subject, names)

    assert expected is not None
    assert expected.mismatch(PARTNER) is None


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("CN=partner", ""),
        ("CN=partner,O=Partner Inc", ""),
        ("C=DE,O=Partner Inc,CN=partner", ""),
        ("CN=Partner,O=Partner Inc,C=DE", ""),
        ("", "dns:example"),
        ("", "uri:partner.example"),
        ("CN=partner,O=Partner Inc,C=DE", "dns:other.example"),
        ("CN=other,O=Partner Inc,C=DE", "dns:partner.example"),
    ],
)
def test_any_other_is_not(subject: str, names: str) -> None:
    expected = Expected.parse(subject, names)

    assert expected is not None
    assert expected.mismatch(PARTNER)


def test_a_certificate_without_names_has_none() -> None:
    bare, _ = AUTHORITY.issue("CN=bare")

    assert certificate.alternatives(bare) == frozenset()
