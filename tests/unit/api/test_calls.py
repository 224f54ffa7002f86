"""Trying a Connection: what is sent, what is shown of it, who may, and that it is in the audit log."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.models.log import Log
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.echo import EchoServer
from demo.ports import free_port
from hookline.database import engine
from tests.unit.api.conftest import As

SECRET = "a-secret-that-nobody-sees"
TYPE = {"conn_type": "http_connector", "schema": "http", "host": "127.0.0.1"}


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[EchoServer]:
    """A system that answers with what it was sent; the Connection `crm` leads to it."""
    with EchoServer() as server:
        extra = {"auth_type": "basic", "allowed_networks": "127.0.0.1"}
        fields = {**TYPE, "port": server.server_port, "login": "ada", "password": SECRET, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(fields))
        monkeypatch.setenv("AIRFLOW_CONN_INSIDE", json.dumps({**fields, "extra": {"auth_type": "basic"}}))
        yield server


def ask(call: As, conn_id: str = "crm", **wanted: Any) -> dict[str, Any]:
    answer = call("op").post(f"/connections/{conn_id}/calls", json=wanted)
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    assert base64.b64encode(f"ada:{SECRET}".encode()).decode() not in answer.text
    return dict(answer.json())


def logged() -> list[tuple[str, str]]:
    with Session(engine()) as session:
        query = select(Log.event, Log.extra).where(Log.event == "hookline_call_connection")
        return [(event, extra or "") for event, extra in session.execute(query)]


def test_a_dry_run_shows_the_request_and_sends_nothing(call: As, echo: EchoServer) -> None:
    before = len(logged())

    shown = ask(call, method="POST", path="/users?page=2", data={"name": "ada"}, dry_run=True)

    assert shown["request"]["method"] == "POST"
    assert shown["request"]["url"] == f"{echo.url}/users?page=2"
    assert shown["request"]["headers"]["authorization"] == "***"
    assert json.loads(shown["request"]["body"]) == {"name": "ada"}
    assert (shown["status"], shown["body"], shown["error"]) == (None, None, None)
    assert echo.received()["total"] == 0
    assert len(logged()) == before


def test_a_call_shows_the_answer_and_is_in_the_audit_log(call: As, echo: EchoServer) -> None:
    before = len(logged())

    shown = ask(call, path="/users/me?token=not-for-the-log")

    assert (shown["status"], shown["error"]) == (200, None)
    assert echo.received()["total"] == 1
    [(_, extra)] = logged()[before:]
    assert json.loads(extra) == {"conn_id": "crm", "method": "GET", "path": "/users/me"}


def test_what_answers_not_is_said(call: As, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {**TYPE, "port": free_port(), "extra": {"auth_type": "none", "allowed_networks": "127.0.0.1"}}
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(nobody))

    shown = ask(call)

    assert shown["status"] is None
    assert shown["error"]


def test_an_address_that_is_not_public_is_not_called(call: As, echo: EchoServer) -> None:
    shown = ask(call, "inside")

    assert "is not a public address" in shown["error"]
    assert echo.received()["total"] == 0


@pytest.mark.parametrize("path", ["http://elsewhere.example/", "//elsewhere.example/", "/../x"])
@pytest.mark.usefixtures("echo")
def test_a_call_never_leaves_the_connection_s_server(call: As, path: str) -> None:
    answer = call("op").post("/connections/crm/calls", json={"path": path, "dry_run": True})

    where = answer.json().get("request", {}).get("url", "http://127.0.0.1")
    assert answer.status_code == 409 or where.startswith("http://127.0.0.1")


@pytest.mark.usefixtures("echo")
def test_connections_are_listed_without_their_secrets(call: As) -> None:
    answer = call("op").get("/connections")

    listed = {one["conn_id"]: one for one in answer.json()["items"]}
    assert listed["crm"]["auth_type"] == "basic"
    assert SECRET not in answer.text
    assert call("viewer").get("/connections").status_code == 403


@pytest.mark.parametrize(("conn_id", "status"), [("nobody", 404), ("a b", 422)])
@pytest.mark.usefixtures("echo")
def test_what_there_is_not_cannot_be_called(call: As, conn_id: str, status: int) -> None:
    assert call("op").post(f"/connections/{conn_id}/calls", json={}).status_code == status
