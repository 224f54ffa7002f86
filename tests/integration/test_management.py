"""The management API in a real api-server: its OpenAPI document by schemathesis, and its logins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks, openapi

from hookline.api import application
from tests.integration.gateway import Served

EXAMPLES = 10
PASSWORDS = {"olga": "op", "vera": "viewer"}
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)
SOURCE = {"conn_type": "webhook", "extra": {"auth_type": "none", "event_type": "path"}}


@pytest.fixture(scope="module")
def api_server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An api-server with two people; gives its address. Its log has no traceback at the end."""
    home = tmp_path_factory.mktemp("management")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({name: f"the-password-of-{name}" for name in PASSWORDS}))
    made = {
        **environment,
        "AIRFLOW_CONN_SHOP": json.dumps(SOURCE),
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{n}:{r}" for n, r in PASSWORDS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    log = home / "log"
    with Served(made, log, "api-server", "--workers", "1") as running:
        with httpx.Client(base_url=f"{running.url}/hooks/in/shop/") as sender:
            for path in ("order/paid", "order/sent", "refund"):
                assert sender.post(path, json={"total": 1.5, "who": path}).status_code == 202
        yield running.url
    assert "Traceback" not in log.read_text()


Login = Callable[[str], httpx.Client]


@pytest.fixture(scope="module")
def login(api_server: str) -> Iterator[Login]:
    """Return a client that has a person's token."""
    clients: dict[str, httpx.Client] = {}

    def of(name: str) -> httpx.Client:
        if name in clients:
            return clients[name]
        login = {"username": name, "password": f"the-password-of-{name}"}
        answer = httpx.post(f"{api_server}/auth/token", json=login, timeout=30)
        assert answer.status_code == 201, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        clients[name] = httpx.Client(base_url=f"{api_server}/hooks/api/v1", headers=headers, timeout=30)
        return clients[name]

    yield of
    for client in clients.values():
        client.close()


def described() -> dict[str, Any]:
    """Return the document with numbers and names that there are, beside invented ones."""
    made = application.document(application.create())
    small = {"anyOf": [{"enum": [1, 2, 3]}, {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}]}
    known = {
        "anyOf": [{"enum": ["shop", "github.push"]}, {"type": "string", "pattern": "^[a-z0-9_-]{1,20}$"}]
    }
    for methods in made["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"] = small if parameter["name"] == "number" else known
    return made


SCHEMA = openapi.from_dict(described())


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_has(case: schemathesis.Case, login: Login) -> None:
    client = login("olga")
    case.call_and_validate(
        base_url=str(client.base_url).rstrip("/"),
        headers={"Authorization": client.headers["Authorization"]},
        checks=list(CHECKS),
    )


def test_a_viewer_of_airflow_sees_no_event_that_no_dag_took(login: Login) -> None:
    assert login("olga").get("/events").json()["items"]
    assert login("vera").get("/events").json() == {"items": [], "next_cursor": None}


def test_a_session_of_the_web_interface_reads_and_changes_from_its_own_pages_only(
    api_server: str, login: Login
) -> None:
    token = login("olga").headers["Authorization"].removeprefix("Bearer ")
    body = {"events": {"source": "shop"}}
    with httpx.Client(base_url=api_server, cookies={"_token": token}, timeout=30) as browser:
        path = "/hooks/api/v1/replays"
        assert browser.get(path).status_code == 200
        assert browser.post(path, json=body).status_code == 403
        assert browser.post(path, json=body, headers={"Origin": "https://evil.example"}).status_code == 403
        assert browser.post(path, json=body, headers={"Origin": api_server}).status_code == 201


def test_without_a_login_there_is_nothing(api_server: str) -> None:
    assert httpx.get(f"{api_server}/hooks/api/v1/events", timeout=30).status_code == 401
