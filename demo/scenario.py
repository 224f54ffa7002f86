"""The other systems of the demo: two that send events, two that are called, and their Connections."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from demo.errors import DemoError
from demo.progress import Step
from demo.rest import Answer, request
from demo.stack import Stack
from hookline import catalog

PARSED_BOUND = 60.0


def sign_as_github(body: bytes, secret: str) -> dict[str, str]:
    """Return the headers GitHub adds, see docs.github.com/webhooks "Validating webhook deliveries"."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Delivery": str(uuid.uuid4()), "X-Hub-Signature-256": f"sha256={signature}"}


def basic(login: str, password: str) -> dict[str, str]:
    """Return the header of HTTP Basic authentication (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


class Scenario:
    """A GitHub push and a new platform user, sent into a running stack.

    Args:
        stack: it is ready.
        echo_port: of the receiver that plays what the Dags call: chat, directory, deployments, GitHub.
    """

    def __init__(self, stack: Stack, echo_port: int) -> None:
        self._stack = stack
        self._echo_port = echo_port
        self._secret = {name: secrets.token_urlsafe(24) for name in self._connections()}
        self._senders: dict[str, Callable[[bytes], Mapping[str, str]]] = {
            "github.push": lambda body: sign_as_github(body, self._secret["github"]),
            "users.created": lambda _body: basic("platform", self._secret["platform"]),
        }
        """Dag id to the headers the sender adds to a body."""

    def _connections(self) -> dict[str, dict[str, Any]]:
        echo = {"conn_type": "http_connector", "host": "127.0.0.1", "schema": "http", "port": self._echo_port}
        # Calls go to public addresses only, and the receiver is on this machine.
        nearby = {"allowed_networks": "127.0.0.1"}
        # Airflow 3.3.2 tests no Connection whose port is null; a source has none, and 0 says so too.
        source = {"conn_type": "webhook", "port": 0}
        return {
            "github": {**source, "extra": {"auth_type": "github"}},
            # Without a prefix the platform's events are named by their paths alone: users/created starts
            # users.created.
            "platform": {
                **source,
                "login": "platform",
                "extra": {"auth_type": "basic", "dag_prefix": ""},
            },
            "directory": {**echo, "login": "hookline", "extra": {"auth_type": "basic", **nearby}},
            "chat": {**echo, "extra": {"auth_type": "bearer", **nearby}},
            "deployments": {**echo, "extra": {"auth_type": "bearer", **nearby}},
            "github_api": {**echo, "extra": {"auth_type": "bearer", **nearby}},
        }

    def create_connections(self) -> list[str]:
        """Create Connections that can be read and edited in the user interface; return their ids.

        Raises:
            DemoError: Airflow refused one.
        """
        for name, connection in self._connections().items():
            value = {**connection, "connection_id": name, "password": self._secret[name]}
            value["extra"] = json.dumps(connection["extra"])
            answer = self._stack.api("POST", "/connections", value)
            if answer.status != 201:
                raise DemoError(f"Airflow refused the Connection {name}: {reason(answer)}")
        return list(self._secret)

    def wait_for_dags(self, current: Step) -> None:
        """Wait until the Dags of both events are parsed.

        Raises:
            DemoError: a Dag file has an error, or it took too long.
        """

        def parsed() -> bool:
            errors = self._stack.api("GET", "/importErrors").json() or {}
            for error in errors.get("import_errors", []):
                last_line = str(error["stack_trace"]).strip().splitlines()[-1]
                raise DemoError(f"Airflow could not read {error['filename']}: {last_line}")
            waiting = [dag for dag in self._senders if self._stack.api("GET", f"/dags/{dag}").status != 200]
            current.detail = f"waiting for {', '.join(waiting)}" if waiting else ""
            return not waiting

        if not self._stack.wait_for(parsed, PARSED_BOUND):
            log = self._stack.components["dag-processor"].log_path
            raise DemoError(f"Dags not parsed after {PARSED_BOUND:.0f} s, {current.detail}. {log} says why.")

    def send(self) -> dict[str, str]:
        """Send both events as their senders do; return the event ids Hookline gave, by Dag id.

        Raises:
            DemoError: one was not accepted.
        """
        return {dag_id: self._send(dag_id, authenticate) for dag_id, authenticate in self._senders.items()}

    def _send(self, dag_id: str, authenticate: Callable[[bytes], Mapping[str, str]]) -> str:
        event = known(dag_id)
        body = json.dumps(event.sample).encode()
        path = "/".join(filter(None, ["/hooks/in", event.source, event.event_path]))
        headers = {"Content-Type": "application/json", **event.headers, **authenticate(body)}
        answer = request("POST", self._stack.url + path, body=body, headers=headers)
        if answer.status != 202:
            raise DemoError(f"POST {path} was not accepted: {reason(answer)}")
        event_id: str = answer.json()["event_id"]
        return event_id


def known(dag_id: str) -> catalog.KnownEvent:
    """Return the catalog's entry.

    Raises:
        DemoError: it has none.
    """
    event = catalog.find(dag_id)
    if event is None:
        raise DemoError(f"The catalog lacks {dag_id}. Restore plugins/hookline/catalog/{dag_id}.json")
    return event


def reason(answer: Answer) -> str:
    """Return status and detail of an error in a few words."""
    if not answer.status:
        return "no answer"
    problem = answer.json()
    detail = problem.get("detail") if isinstance(problem, dict) else answer.body[:200].decode("latin-1")
    return f"status {answer.status}, {detail}"
