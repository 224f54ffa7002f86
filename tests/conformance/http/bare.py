"""What a person with ``requests`` would write for the same call."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from requests.auth import AuthBase
from standardwebhooks import Webhook

KEY = "whsec_" + base64.b64encode(b"a-secret-of-thirty-two-bytes-xyz").decode()
SECRET = "s3cret/with+signs=&"

# auth_type, fields of the Connection; then what the person adds.
AUTHENTICATION: dict[str, dict[str, Any]] = {
    "none": {"auth_type": "none"},
    "basic": {"auth_type": "basic", "login": "ann", "password": SECRET},
    "bearer": {"auth_type": "bearer", "password": "t0k3n"},
    "api_key": {"auth_type": "api_key", "password": SECRET},
    "api_key in the query": {"auth_type": "api_key", "password": SECRET, "key_query": "key"},
    "client_secret": {
        "auth_type": "client_secret",
        "login": "ann",
        "password": SECRET,
        "credential_field": "pw",
    },
    "hmac": {
        "auth_type": "hmac",
        "password": SECRET,
        "signature_prefix": "sha256=",
        "timestamp_header": "X-Time",
        "signed_content": "{timestamp}.{body}",
    },
    "standard_webhooks": {"auth_type": "standard_webhooks", "password": KEY},
    "oauth2": {
        "auth_type": "oauth2",
        "login": "id",
        "password": SECRET,
        "access_token": "t0k3n",
        "grant": "client_credentials",
        "oauth_exchange_url": "https://login.example.com/token",
    },
}


class Signed(AuthBase):
    """Signs the prepared body at the time and with the id that the other request had."""

    def __init__(self, kind: str, seen: Mapping[str, str]) -> None:
        self._kind = kind
        self._seen = seen

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        if self._kind == "hmac":
            stamp = self._seen["x-time"]
            digest = hmac.new(SECRET.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
            request.headers.update({"X-Time": stamp, "X-Signature": f"sha256={digest}"})
            return request
        name, stamp = self._seen["webhook-id"], self._seen["webhook-timestamp"]
        moment = datetime.fromtimestamp(int(stamp), UTC)
        signature = Webhook(KEY).sign(name, moment, raw.decode())
        request.headers.update(
            {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
        )
        return request


def options(kind: str, seen: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of ``requests`` for a kind of authentication.

    :param seen: headers of the other request.
    """
    match kind:
        case "basic":
            return {"auth": ("ann", SECRET)}
        case "bearer" | "oauth2":
            return {"headers": {"Authorization": "Bearer t0k3n"}}
        case "api_key":
            return {"headers": {"X-API-Key": SECRET}}
        case "api_key in the query":
            return {"params": {"key": SECRET}}
        case "hmac" | "standard_webhooks":
            return {"auth": Signed(kind, seen)}
    return {}


def body(body_type: str, value: Any, kind: str) -> dict[str, Any]:
    """Return the arguments of ``requests`` for a body whose nulls are gone, or to be sent."""
    if body_type == "raw":
        return {"data": value, "headers": {"Content-Type": "text/plain; charset=utf-8"}}
    if kind == "client_secret":
        value = {**value, "client_id": "ann", "pw": SECRET}
    if body_type == "json":
        # Compact, as a signature covers the very bytes.
        content = requests.compat.json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return {"data": content, "headers": {"Content-Type": "application/json"}}
    fields = {
        name: [_text(item) for item in (given if isinstance(given, list) else [given])]
        for name, given in value.items()
    }
    if body_type == "urlencoded":
        return {"data": fields}
    parts = [
        (name, item if isinstance(item, tuple) else (None, item))
        for name, items in fields.items()
        for item in items
    ]
    return {"files": parts}


def _text(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return (value["name"], value["content"], value["type"])
    return value if isinstance(value, bytes | tuple) else str(value)
