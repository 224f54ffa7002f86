"""The hook in Airflow: its Connection, its Test button, its answer, its log."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from airflow.sdk import Variable

from hookline.exceptions import ConfigurationError, TryLater, UnexpectedStatus
from hookline.hooks import token
from hookline.hooks.http import HttpConnectorHook
from tests.conformance.http.conftest import Respond, Server, answer

Connect = Callable[..., str]


def test_the_answer(server: Server, connect: Connect) -> None:
    with HttpConnectorHook(connect(server.url)) as hook:
        got = hook.call("POST", "users", body={"a": 1})
    assert (got.status, got.body, got.headers["set-cookie"]) == (200, {"ok": True}, "sid=1")
    assert got.xcom()["headers"]["set-cookie"] == "***"


def test_one_line_is_logged(server: Server, connect: Connect, capfd: pytest.CaptureFixture[str]) -> None:
    with HttpConnectorHook(connect(f"{server.url}/v2")) as hook:
        hook.call("POST", "users?key=s3cret")
    log = capfd.readouterr().out
    assert len(re.findall(rf"POST {server.url}/v2/users -> 200 in \d+\.\d\d s, 12 bytes", log)) == 1
    assert "s3cret" not in log


def test_an_unexpected_status(server: Server, connect: Connect) -> None:
    server.respond = answer(422, {"Content-Type": "application/json"}, b'{"error":\n "no name"}')
    with (
        HttpConnectorHook(connect(server.url)) as hook,
        pytest.raises(UnexpectedStatus, match=rf'^POST {server.url}/users -> 422: {{"error": "no name"}}$'),
    ):
        hook.call("POST", "users?key=s3cret")


def test_a_whole_url_needs_no_connection(server: Server, connect: Connect) -> None:
    with HttpConnectorHook(None) as hook:
        assert hook.call("POST", url=f"{server.url}/a?b=c").status == 200
    assert server.got[0].target == "/a?b=c"


def test_neither_connection_nor_url() -> None:
    with pytest.raises(ConfigurationError, match="neither http_conn_id nor url"):
        HttpConnectorHook(None).call("POST")


@pytest.mark.parametrize(
    ("connection", "says"),
    [
        pytest.param(
            {"conn_type": "http", "host": "h", "extra": {"auth_type": "none"}},
            "Connection `crm`: its type is 'http'; make it 'http_connector'",
            id="other type",
        ),
        pytest.param(
            {"conn_type": "http_connector", "host": "h"},
            "Connection `crm`: extra `auth_type` is missing",
            id="no extra",
        ),
        pytest.param(
            {"conn_type": "http_connector", "host": "h", "extra": "{s3cret"},
            "Connection `crm`: its extra is not a JSON object",
            id="broken extra",
        ),
        pytest.param(
            {"conn_type": "http_connector", "host": "h", "extra": "[1]"},
            "Connection `crm`: its extra is not a JSON object",
            id="extra that is a list",
        ),
    ],
)
def test_a_connection_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, object], says: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(connection))
    with pytest.raises(ConfigurationError) as raised:
        HttpConnectorHook("crm").call("POST")
    assert says in str(raised.value)
    assert "s3cret" not in str(raised.value)


OAUTH2 = {
    "auth_type": "oauth2", "login": "ann", "password": "s3cret", "grant": "client_credentials",
    "oauth_exchange_url": "https://login.example.com/token",
}  # fmt: skip


def companion(monkeypatch: pytest.MonkeyPatch, token: str, **extra: str) -> None:
    fields = {"conn_type": "http_connector_token", "password": token, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_CRM__TOKEN", json.dumps(fields))


def test_a_renewed_token_is_used_from_then_on(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_only(handler: BaseHTTPRequestHandler) -> None:
        companion(monkeypatch, "new")
        answer(200 if handler.headers["Authorization"] == "Bearer new" else 401)(handler)

    server.respond = new_only
    companion(monkeypatch, "old")
    with HttpConnectorHook(connect(server.url, **OAUTH2)) as hook:
        for _ in range(3):
            hook.call("POST")

    assert [got.headers["authorization"] for got in server.got] == ["Bearer old", *["Bearer new"] * 3]


@pytest.mark.parametrize("waits", ["worker", "triggerer"])
def test_the_same_token_again_ends_the_wait(monkeypatch: pytest.MonkeyPatch, waits: str) -> None:
    def refreshed(_key: str, _value: str) -> None:
        companion(monkeypatch, "old", refreshed_at="2026-01-02T00:00:00+00:00")

    monkeypatch.setattr(Variable, "set", refreshed)
    companion(monkeypatch, "old", refreshed_at="2026-01-01T00:00:00+00:00")

    with pytest.raises(ConfigurationError, match="gave Connection `crm` the same access token again"):
        token.fresh("crm", "old") if waits == "worker" else asyncio.run(token.afresh("crm", "old"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_wait_is_an_error_of_its_own(server: Server, connect: Connect, status: int) -> None:
    server.respond = answer(status, {"Retry-After": "120"})
    with (
        HttpConnectorHook(connect(server.url)) as hook,
        pytest.raises(TryLater, match=rf"GET {server.url}/ -> {status}: try again in 1\d\d s") as raised,
    ):
        hook.call("GET")
    assert raised.value.status == status
    assert 119 <= raised.value.seconds <= 180


def test_who_does_not_wait_takes_no_turn(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__THROTTLE_PATH", str(tmp_path))
    with HttpConnectorHook(connect(server.url, rate_limit="1/hour")) as hook:
        hook.call("GET")
        waits = []
        for _ in range(3):
            with pytest.raises(TryLater, match="rate_limit 1/hour") as raised:
                hook.call("GET")
            assert raised.value.status is None
            waits.append(raised.value.seconds)

    assert len(server.got) == 1
    assert waits == pytest.approx([3600] * 3, abs=30)


def test_a_connection_written_as_uri(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"http-connector://http://ann:s3cret@127.0.0.1:{server.port}/?auth_type=basic&timeout=5&allowed_networks=127.0.0.1"
    monkeypatch.setenv("AIRFLOW_CONN_CRM", uri)
    with HttpConnectorHook("crm") as hook:
        hook.call("POST", "users")
    assert (server.got[0].target, server.got[0].headers["authorization"]) == (
        "/users",
        "Basic YW5uOnMzY3JldA==",
    )


@pytest.mark.parametrize(
    ("respond", "works", "says", "methods"),
    [
        pytest.param(answer(200), True, "HEAD {url}/v2 -> 200", ["HEAD"], id="there"),
        pytest.param(answer(301), True, "HEAD {url}/v2 -> 301", ["HEAD"], id="moved"),
        pytest.param(answer(404), True, "GET {url}/v2 -> 404", ["HEAD", "GET"], id="nothing at the base URL"),
        pytest.param(answer(405), True, "GET {url}/v2 -> 405", ["HEAD", "GET"], id="no HEAD"),
        pytest.param(
            answer(401),
            False,
            "-> 401: the server is there but refuses these",
            ["HEAD", "GET"],
            id="unauthorised",
        ),
        pytest.param(
            answer(403), False, "-> 403: the server is there but refuses", ["HEAD", "GET"], id="forbidden"
        ),
        pytest.param(answer(503), False, "-> 503: the server is there but fails", ["HEAD", "GET"], id="down"),
    ],
)
def test_the_test_button(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, respond: Respond, works: bool, says: str, methods: list[str]
) -> None:
    server.respond = respond
    hook = HttpConnectorHook(connect(f"{server.url}/v2", auth_type="bearer", password="s3cret"))
    success, message = hook.test_connection()
    assert success is works
    assert says.format(url=server.url) in message
    assert [(got.method, got.headers["authorization"]) for got in server.got] == [
        (method, "Bearer s3cret") for method in methods
    ]


def test_the_test_button_falls_back_to_get(server: Server, connect: Connect) -> None:
    server.respond = lambda handler: answer(403 if handler.command == "HEAD" else 200)(handler)
    assert HttpConnectorHook(connect(server.url)).test_connection() == (True, f"GET {server.url}/ -> 200")


@pytest.mark.parametrize(
    ("host", "auth_type", "says"),
    [
        pytest.param("http://nowhere.invalid", "none", "the host name is not known", id="no such host"),
        pytest.param("http://h", None, "extra `auth_type` is missing", id="not complete"),
    ],
)
def test_the_test_button_says_what_is_wrong(
    connect: Connect, host: str, auth_type: str | None, says: str
) -> None:
    success, message = HttpConnectorHook(connect(host, auth_type=auth_type)).test_connection()
    assert not success
    assert says in message
