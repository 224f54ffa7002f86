"""The systems around Airflow: one that sends pushes, one that is called."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from typing import Any

import requests

from demo.echo import EchoServer
from demo.stack import Stack
from hookline import catalog


def calls(echo: EchoServer, path: str) -> list[dict[str, Any]]:
    """Return what the receiver got at ``path``, oldest first."""
    return [call for call in echo.received()["received"] if call["path"] == path]


def post(stack: Stack, path: str, **arguments: Any) -> requests.Response:
    """Send a request to a source; ``path`` begins with its name."""
    return requests.post(f"{stack.url}/hooks/in/{path}", timeout=10, **arguments)


def push(stack: Stack, source: str, secret: str) -> str:
    """Send a push as GitHub does; return the id of its run."""
    # No two pushes end in the same commit; the same content again would be a replay.
    body = json.dumps({**catalog.find("github.push").sample, "after": secrets.token_hex(20)}).encode()
    delivery = str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    answer = post(stack, source, data=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return f"webhook__{source}__{delivery}"
