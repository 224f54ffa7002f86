"""Receivers of step webhooks that know their sender: a Connection for each authentication, and its proof."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
from pathlib import Path
from typing import Any

import standardwebhooks
import svix.webhooks

from tests.authority import Authority
from tests.e2e.canaries import OUTBOUND

TOKEN = "a-token-that-was-got-before"
CERTIFICATE = "client_certificate"
AUTHENTICATIONS = (*OUTBOUND, "oauth2", CERTIFICATE)
"""The webhooks of ``dags/steps.py`` that are called ``proven-…``."""


def context(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a receiver that wants a certificate, and write what its sender needs."""
    authority = Authority()
    (folder / "authority.pem").write_bytes(authority.certificate)
    (folder / "own.pem").write_bytes(authority.issue("CN=airflow")[1])
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.pem")
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_cert_chain(authority.server(folder))
    return made


def connections(api_port: int, tls_port: int, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the Connections that the canaries do not have."""
    target = {"conn_type": "http_connector", "host": "127.0.0.1"}
    nearby = {"allowed_networks": "127.0.0.1"}
    token = {"grant": "client_credentials", "oauth_exchange_url": f"http://127.0.0.1:{api_port}/status/500"}
    certificates = {"verify": str(folder / "authority.pem"), "client_cert": str(folder / "own.pem")}
    return {
        "proven_oauth2": {
            **target,
            "schema": "http",
            "port": api_port,
            "login": "airflow",
            "password": "a-secret-of-the-client",
            "extra": {**nearby, **token, "auth_type": "oauth2", "access_token": TOKEN},
        },
        "proven_client_certificate": {
            **target,
            "schema": "https",
            "port": tls_port,
            "extra": {**nearby, **certificates, "auth_type": "none"},
        },
    }


def verified(authentication: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a request, which must prove where it is from.

    That a certificate was shown is proved by the request's having been received.
    """
    headers, body = request["headers"], request["body"]
    fields = OUTBOUND.get(authentication, {})
    secret = fields.get("password", "")
    payload: dict[str, Any] = json.loads(body)
    match authentication:
        case "basic":
            pair = base64.b64encode(f"{fields['login']}:{secret}".encode()).decode()
            assert headers["authorization"] == f"Basic {pair}"
        case "bearer" | "oauth2":
            assert headers["authorization"] == f"Bearer {secret or TOKEN}"
        case "api_key":
            assert headers["x-api-key"] == secret
        case "client_secret":
            assert payload.pop("client_secret") == secret
        case "hmac":
            assert headers["x-signature"] == hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        case "standard_webhooks":
            standardwebhooks.Webhook(secret).verify(body, headers)
            svix.webhooks.Webhook(secret).verify(body, headers)
    return payload
