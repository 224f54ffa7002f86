"""A secret of its own for each kind of authentication, to be looked for in all that is written."""

from __future__ import annotations

import base64
import json
from typing import Any

from hookline.testing import Sender


def canary(name: str) -> str:
    """Return a secret that nothing else contains, long enough for every scheme."""
    return f"canary-{name.replace('_', '-')}-{'5d1c7e9a4b3f2086' * 4}"


def whsec(name: str) -> str:
    """Return one as Standard Webhooks writes it, of at most 64 bytes."""
    return "whsec_" + base64.b64encode(canary(name)[:48].encode()).decode()


INBOUND: dict[str, tuple[Sender, dict[str, Any]]] = {
    name: (
        Sender(f"canary_{name}", name, secret, login, extra),
        {"previous_secret": previous} if previous else {},
    )
    for name, secret, login, extra, previous in (
        ("basic", canary("in-basic"), "canary", {}, canary("in-basic-before")),
        ("api_key", canary("in-key"), "", {}, canary("in-key-before")),
        ("bearer", canary("in-bearer"), "", {}, None),
        ("hmac", canary("in-hmac"), "", {}, None),
        ("jwt", canary("in-jwt"), "", {}, None),
        ("standard_webhooks", whsec("in-standard"), "", {}, None),
        ("github", canary("in-github"), "", {}, None),
    )
}
OUTBOUND: dict[str, dict[str, Any]] = {
    "basic": {"login": "canary", "password": canary("out-basic")},
    "bearer": {"password": canary("out-bearer")},
    "api_key": {"password": canary("out-key")},
    "client_secret": {"password": canary("out-client")},
    "hmac": {"password": canary("out-hmac")},
    "standard_webhooks": {"password": whsec("out-standard")},
}
IN_DATABASE = canary("in-database")


def connections(api_port: int) -> dict[str, dict[str, Any]]:
    """Return them by conn id; the targets are the tests' own API."""
    target = {"conn_type": "http_connector", "schema": "http", "host": "127.0.0.1", "port": api_port}
    nearby = {"allowed_networks": "127.0.0.1", "max_attempts": 2, "backoff": 0.1}
    return {
        **{
            sender.name: {
                "conn_type": "webhook",
                "login": sender.login or None,
                "password": sender.password,
                "extra": {**sender.extra, **more, "auth_type": sender.auth_type},
            }
            for sender, more in INBOUND.values()
        },
        **{
            f"canary_out_{name}": {**target, **fields, "extra": {**nearby, "auth_type": name}}
            for name, fields in OUTBOUND.items()
        },
        "canary_oauth": {
            **target,
            "login": "canary",
            "password": canary("out-oauth"),
            "extra": {
                **nearby,
                "auth_type": "oauth2",
                "grant": "client_credentials",
                "oauth_exchange_url": f"http://127.0.0.1:{api_port}/status/500",
            },
        },
    }


def forms() -> dict[str, str]:
    """Return what to look for: each secret as it is, as JSON and Basic have it, and decoded."""
    secrets = {sender.name: sender.password for sender, _ in INBOUND.values()}
    secrets |= {f"out {name}": fields["password"] for name, fields in OUTBOUND.items()}
    secrets |= {f"before {name}": more["previous_secret"] for name, (_, more) in INBOUND.items() if more}
    secrets |= {"oauth": canary("out-oauth"), "database": IN_DATABASE}
    found = dict(secrets)
    for name, secret in secrets.items():
        if secret.startswith("whsec_"):
            found[f"{name}, without its prefix"] = secret.removeprefix("whsec_")
            found[f"{name}, decoded"] = base64.b64decode(secret.removeprefix("whsec_")).decode()
        pair = base64.b64encode(f"canary:{secret}".encode()).decode()
        found[f"{name}, as Basic"] = pair.rstrip("=")[:-1]
        found[f"{name}, quoted"] = json.dumps(secret)[1:-1]
    return found
