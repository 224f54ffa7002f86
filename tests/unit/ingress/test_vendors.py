"""Handshakes and refusals of vendors, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from hookline.protocol.source import parse
from tests.unit.conftest import Query
from tests.unit.ingress.conftest import SECRET, SOURCES
from tests.unit.ingress.server import Server
from tests.unit.protocol.requests import message
from tests.unit.protocol.webhooks import Webhook, load

RECORDED = list({webhook.vendor: webhook for webhook in load() if webhook.proof}.values())


@pytest.fixture
def no_exception() -> Iterator[None]:
    """Require that nothing but refusals is logged."""
    with structlog.testing.capture_logs() as logged:
        yield
    assert {entry["event"] for entry in logged} <= {"refused", "document not fetched"}
    assert not [entry for entry in logged if "exc_info" in entry or entry["log_level"] == "error"]


@pytest.fixture(scope="module", autouse=True)
def recorded(settings: pytest.MonkeyPatch) -> None:
    """Make a source for each vendor's recorded requests."""
    for webhook in RECORDED:
        connection = {
            "conn_type": "webhook",
            "login": webhook.file["login"],
            "password": webhook.file["password"],
            "extra": webhook.file["extra"],
        }
        name = f"recorded-{webhook.vendor}".upper().replace("_", "-")
        settings.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


def signed(name: str, body: bytes, **headers: str) -> dict[str, str]:
    from datetime import UTC, datetime

    extra = SOURCES[name]["extra"]
    verifier = parse(name, None, SECRET, extra).verifier
    return {**headers, **verifier.sign(message(body, headers, received_at=datetime.now(UTC)))}


def reply(response: httpx.Response, status: int, kind: str, body: str) -> None:
    assert (response.status_code, response.headers["content-type"], response.text) == (status, kind, body)
    # It shares its origin with Airflow's session.
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert response.headers["cache-control"] == "no-store"


TEXT = "text/plain; charset=utf-8"


def test_slack_s_challenge_is_sent_back(server: Server, query: Query) -> None:
    body = b'{"type": "url_verification", "challenge": "<script>alert(1)</script>"}'
    response = server.post("slack", body, **signed("slack", body))
    reply(response, 200, TEXT, "<script>alert(1)</script>")
    assert server.post("slack", body).status_code == 401
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def test_meta_s_subscription_is_confirmed(server: Server, query: Query) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "t0ken"}
    reply(server.client.get("/in/meta", params=asked), 200, TEXT, "1158201444")
    assert server.client.get("/in/meta", params={**asked, "hub.verify_token": "x"}).status_code == 401
    assert server.client.get("/in/meta").status_code == 405
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def test_the_check_of_x_is_answered(server: Server) -> None:
    response = server.client.get("/in/twitter", params={"crc_token": "MGQ4M2Y5"})
    reply(response, 200, "application/json", response.text)
    assert response.json()["response_token"].startswith("sha256=")


def test_microsoft_graph_s_validation_is_answered(server: Server) -> None:
    reply(server.post("graph?validationToken=Validation%3A+x%20y", b""), 200, TEXT, "Validation: x y")


def test_cloudevents_origin_is_allowed(server: Server) -> None:
    response = server.client.options("/in/cloud", headers={"WebHook-Request-Origin": "a.example"})
    reply(response, 200, TEXT, "")
    assert response.headers["webhook-allowed-origin"] == "a.example"
    assert server.client.options("/in/cloud").status_code == 405


def test_asana_s_secret_is_confirmed(server: Server, query: Query) -> None:
    response = server.post("asana", b"{}", **{"X-Hook-Secret": "b537207f20cbfa02357cf448134da559"})
    reply(response, 200, TEXT, "")
    assert response.headers["x-hook-secret"] == "b537207f20cbfa02357cf448134da559"
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def post(server: Server, webhook: Webhook, headers: list[tuple[str, Any]]) -> httpx.Response:
    return server.client.post(
        f"/in/recorded-{webhook.vendor}".replace("_", "-"),
        content=webhook.case["body"].encode(),
        headers=[(name, value if isinstance(value, bytes) else value.encode()) for name, value in headers],
    )


@pytest.mark.usefixtures("no_exception")
@pytest.mark.parametrize("webhook", RECORDED, ids=lambda webhook: webhook.vendor)
@pytest.mark.parametrize(
    "garbage", [[b"\xff\xfe\x80"], [b"A" * 50_000], [b""], []], ids=["bytes", "50 kB", "empty", "none"]
)
def test_garbage_is_answered_with_401(
    server: Server, query: Query, webhook: Webhook, garbage: list[bytes]
) -> None:
    for name in webhook.proof:
        spoilt: list[tuple[str, Any]] = [*webhook.without(name), *((name, value) for value in garbage)]
        response = post(server, webhook, spoilt)
        assert response.status_code == 401
        assert response.json()["type"] == "urn:hookline:problem:unauthenticated"
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


@pytest.mark.usefixtures("no_exception")
@pytest.mark.parametrize("webhook", [one for one in RECORDED if one.tolerance], ids=lambda one: one.vendor)
def test_what_was_recorded_long_ago_is_answered_with_401(server: Server, webhook: Webhook) -> None:
    assert post(server, webhook, list(webhook.case["headers"].items())).status_code == 401


@pytest.mark.usefixtures("no_exception")
def test_a_document_that_cannot_be_had_is_no_refusal_for_good(server: Server, query: Query) -> None:
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.AAAA"
    response = server.post("keys-away", Authorization=f"Bearer {token}")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:hookline:problem:unavailable"
    assert int(response.headers["retry-after"]) > 0
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]
