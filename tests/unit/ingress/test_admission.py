"""Who is let in before a body is read: address, origin, rate; and what of a proxy's word counts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hookline.ingress.rates import MOST_KEYS, Counters
from tests.authority import Authority
from tests.unit.conftest import Query
from tests.unit.ingress.server import Server
from tests.unit.ingress.test_answers import problem

PAGE = "https://shop.example"
GUARDED: dict[str, dict[str, Any]] = {
    "loopback": {"extra": {"auth_type": "none", "allowed_ips": "127.0.0.0/8"}},
    "elsewhere": {"extra": {"auth_type": "none", "allowed_ips": "203.0.113.0/24, 2001:db8::/32"}},
    "paged": {
        "password": "an-ingress-s3cret",
        "extra": {
            "auth_type": "api_key",
            "allowed_origins": f"{PAGE} http://localhost:3000",
            "event_id": "header:X-Id",
            "methods": "POST",
        },
    },
    "anywhere": {"extra": {"auth_type": "none", "allowed_origins": "*"}},
    "slow": {"extra": {"auth_type": "none", "rate_limit": "3/hour", "allowed_origins": PAGE}},
    "partner": {"extra": {"auth_type": "none", "client_cert_san": "dns:partner.example"}},
    "signed-url": {
        "password": "an-ingress-s3cret",
        "extra": {"auth_type": "hmac", "signed_content": "{url}{body}"},
    },
}
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-id",
}


@pytest.fixture(scope="module")
def guarded(settings: pytest.MonkeyPatch, database_file: Path) -> Iterator[Server]:
    """A server behind a proxy at this machine's own address."""
    for name, fields in GUARDED.items():
        settings.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "webhook", **fields}))
    settings.setenv("AIRFLOW__HOOKLINE__TRUSTED_PROXIES", "127.0.0.0/8")
    with Server() as server:
        yield server


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def send(server: Server, source: str, headers: dict[str, str], method: str = "POST") -> httpx.Response:
    return server.client.request(method, f"/in/{source}", content=b"{}", headers=headers)


@pytest.mark.parametrize(
    ("source", "headers", "status"),
    [
        ("loopback", {}, 202),
        ("elsewhere", {}, 403),
        ("elsewhere", from_("203.0.113.7"), 202),
        ("elsewhere", from_("::ffff:203.0.113.7"), 202),
        ("elsewhere", from_("2001:db8::7"), 202),
        ("elsewhere", from_("198.51.100.7"), 403),
        ("elsewhere", from_("203.0.113.7, 198.51.100.7"), 403),
        ("elsewhere", from_("203.0.113.7, garbage"), 403),
        ("elsewhere", {**from_("203.0.113.7"), "Forwarded": "for=198.51.100.7"}, 403),
        ("loopback", from_("garbage"), 403),
        ("loopback", from_("203.0.113.7"), 403),
    ],
)
def test_the_address_decides(guarded: Server, source: str, headers: dict[str, str], status: int) -> None:
    response = send(guarded, source, headers)

    assert response.status_code == status
    if status == 403:
        problem(response, 403, "address-not-allowed")


def test_nobody_believes_a_client_that_is_no_proxy(settings: pytest.MonkeyPatch, guarded: Server) -> None:
    settings.setenv("AIRFLOW__HOOKLINE__TRUSTED_PROXIES", "10.0.0.0/8")
    try:
        with Server() as direct:
            assert send(direct, "elsewhere", from_("203.0.113.7")).status_code == 403
            assert send(direct, "loopback", from_("203.0.113.7")).status_code == 202
            assert send(direct, "partner", {"Client-Cert": FORWARDED}).status_code == 401
    finally:
        settings.setenv("AIRFLOW__HOOKLINE__TRUSTED_PROXIES", "127.0.0.0/8")


@pytest.mark.parametrize("forwarded", [
    {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example"},
    {"Forwarded": "for=203.0.113.7;proto=https;host=hooks.example"},
], ids=["X-Forwarded", "Forwarded"])  # fmt: skip
def test_the_url_that_was_signed_is_the_one_the_client_used(
    guarded: Server, forwarded: dict[str, str], settings: pytest.MonkeyPatch
) -> None:
    signed = hmac.new(b"an-ingress-s3cret", b"https://hooks.example/hooks/in/signed-url{}", hashlib.sha256)
    headers = {"X-Signature": signed.hexdigest(), **forwarded}

    assert send(guarded, "signed-url", headers).status_code == 202
    assert send(guarded, "signed-url", {"X-Signature": signed.hexdigest()}).status_code == 401


CERTIFICATE, _ = Authority().issue("CN=partner", x509.DNSName("partner.example"))
FORWARDED = f":{base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()}:"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Client-Cert", FORWARDED)], 202),
        ([], 401),
        ([("Client-Cert", "garbage")], 401),
        ([("Client-Cert", FORWARDED), ("Client-Cert", FORWARDED)], 401),
        ([("X-Client-Cert", FORWARDED)], 401),
    ],
    ids=["the expected one", "none", "garbage", "two", "another header"],
)
def test_a_trusted_proxy_forwards_the_certificate(
    guarded: Server, headers: list[tuple[str, str]], status: int
) -> None:
    assert guarded.client.post("/in/partner", content=b"{}", headers=headers).status_code == status


def test_a_preflight_says_what_the_source_takes(guarded: Server) -> None:
    response = send(guarded, "paged", PREFLIGHT, "OPTIONS")

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == (
        "content-encoding, content-type, traceparent, x-api-key, x-id"
    )
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in response.headers


def test_an_answer_can_be_read_by_the_page(guarded: Server) -> None:
    headers = {"Origin": PAGE, "X-API-Key": "an-ingress-s3cret", "X-Id": "1"}
    accepted, refused = (send(guarded, "paged", sent) for sent in (headers, {"Origin": PAGE}))

    assert (accepted.status_code, refused.status_code) == (202, 401)
    for response in (accepted, refused):
        assert response.headers["access-control-allow-origin"] == PAGE
        assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{PAGE}.evil.example", "http://shop.example", ""]
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_another_origin_is_refused(guarded: Server, query: Query, origin: str, method: str) -> None:
    headers = {**PREFLIGHT, "Origin": origin, "X-API-Key": "an-ingress-s3cret"}
    response = send(guarded, "paged", headers, method)

    problem(response, 403, "origin-not-allowed")
    assert "access-control-allow-origin" not in response.headers
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def test_two_origins_are_none(guarded: Server) -> None:
    with guarded.connect() as connection:
        head = f"POST /hooks/in/paged HTTP/1.1\r\nHost: a\r\nOrigin: {PAGE}\r\nOrigin: {PAGE}\r\n"
        connection.sendall(f"{head}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_a_program_sends_no_origin(guarded: Server) -> None:
    response = send(guarded, "paged", {"X-API-Key": "an-ingress-s3cret"})

    assert response.status_code == 202
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in response.headers


def test_any_origin_is_allowed_without_credentials(guarded: Server) -> None:
    response = send(guarded, "anywhere", {"Origin": "https://any.example"})

    assert response.status_code == 202
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers


def test_a_source_without_origins_knows_no_preflight(guarded: Server) -> None:
    assert send(guarded, "shop", PREFLIGHT, "OPTIONS").status_code == 405


def test_a_rate_is_kept_and_the_wait_is_told(settings: pytest.MonkeyPatch, guarded: Server) -> None:
    with Server() as fresh:
        answers = [send(fresh, "slow", {"Origin": PAGE}) for _ in range(5)]
        others = send(fresh, "anywhere", {})

    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    refused = answers[-1]
    problem(refused, 429, "too-many-requests")
    assert 3590 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["access-control-expose-headers"] == "Retry-After"
    assert refused.headers["access-control-allow-origin"] == PAGE
    assert others.status_code == 202


def test_each_client_has_its_own_rate(settings: pytest.MonkeyPatch, guarded: Server) -> None:
    settings.setenv("AIRFLOW__HOOKLINE__CLIENT_RATE_LIMIT", "2/minute")
    try:
        with Server() as fresh:
            many = [send(fresh, "shop", from_("203.0.113.7")).status_code for _ in range(3)]
            network = [send(fresh, "nobody", from_(f"2001:db8::{n}")).status_code for n in range(3)]
            other = send(fresh, "shop", from_("203.0.113.8")).status_code
    finally:
        settings.delenv("AIRFLOW__HOOKLINE__CLIENT_RATE_LIMIT")

    assert many == [202, 202, 429]
    assert network == [404, 404, 429]
    assert other == 202


async def count(counters: Counters, keys: int) -> int:
    for number in range(keys):
        await counters.incr(str(number), 60)
    return len(counters._windows)


def test_a_flood_of_clients_is_remembered_within_bounds() -> None:
    assert asyncio.run(count(Counters(), MOST_KEYS + 100)) == MOST_KEYS
