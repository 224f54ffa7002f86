"""What the hook and the operator put on the wire is what bare ``requests`` puts there for the same call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from hookline.hooks.http import HttpConnectorHook
from hookline.operators.http import HttpPostOperator
from tests.conformance.http.conftest import Server

# How each Connection says it, and how a person with requests would.
AUTHENTICATION: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "none": ({"auth_type": "none"}, {}),
    "basic": (
        {"auth_type": "basic", "login": "ann", "password": "pä:ss"},
        {"auth": ("ann", "pä:ss".encode())},
    ),
    "bearer": ({"auth_type": "bearer", "password": "t0k3n"}, {"headers": {"Authorization": "Bearer t0k3n"}}),
    "api_key": ({"auth_type": "api_key", "password": "k3y"}, {"headers": {"X-API-Key": "k3y"}}),
    "api_key header": (
        {"auth_type": "api_key", "password": "k3y", "api_key_header": "Key"},
        {"headers": {"Key": "k3y"}},
    ),
}
CALLS: dict[str, dict[str, Any]] = {
    "JSON": {"path": "/users", "body": {"name": "Zoë", "n": 1.5, "none": None, "list": [1, {"a": True}]}},
    "list": {"path": "users", "body": [1, 2]},
    "no body": {"path": "users"},
    "query": {"path": "users", "query": {"q": "a b&c=ü", "id": [1, 2]}, "body": {}},
    "query in path": {"path": "users?page=2", "query": {"q": "~"}, "body": {}},
    "path to encode": {"path": "a b/mü/50%", "body": {}},
    "path already encoded": {"path": "a%20b/x%2Fy", "body": {}},
    "unreserved and reserved": {"path": "-._~!$&'()*+,;=:@/[x]|^`{}\"<>", "body": {}},
    "headers": {"path": "", "headers": {"X-Trace": "1", "Accept": "text/plain"}, "body": {}},
}
WRITTEN_BY_THE_CLIENT = {"user-agent", "accept", "accept-encoding", "connection"}


def bare(server: Server, method: str, call: dict[str, Any], options: dict[str, Any]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.request(
            method,
            f"{server.url}/v2/{call['path'].removeprefix('/')}" if call["path"] else f"{server.url}/v2",
            json=call.get("body"),
            params=call.get("query"),
            auth=options.get("auth"),
            headers={**options.get("headers", {}), **call.get("headers", {})},
            timeout=5,
        )


def comparable(server: Server, number: int, call: dict[str, Any]) -> tuple[Any, ...]:
    got = server.got[number]
    own = {name.lower() for name in call.get("headers", {})}
    headers = {name: value for name, value in got.headers.items() if name not in WRITTEN_BY_THE_CLIENT - own}
    body = got.body
    if headers.get("content-type") == "application/json":
        body = requests.models.complexjson.loads(got.body)
        headers.pop("content-length")  # requests writes spaces and escapes, Hookline neither
    return got.method, got.target, headers, body


@pytest.mark.parametrize("authentication", AUTHENTICATION)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_hook_sends_what_requests_sends(
    server: Server, connect: Callable[..., str], method: str, name: str, authentication: str
) -> None:
    fields, options = AUTHENTICATION[authentication]
    with HttpConnectorHook(connect(f"{server.url}/v2", **fields)) as hook:
        hook.call(method, **CALLS[name])
    bare(server, method, CALLS[name], options)
    assert comparable(server, 0, CALLS[name]) == comparable(server, 1, CALLS[name])


@pytest.mark.parametrize("authentication", AUTHENTICATION)
@pytest.mark.parametrize("name", CALLS)
def test_operator_sends_what_requests_sends(
    server: Server, connect: Callable[..., str], name: str, authentication: str
) -> None:
    fields, options = AUTHENTICATION[authentication]
    http_conn_id = connect(f"{server.url}/v2", **fields)
    HttpPostOperator(task_id="post", http_conn_id=http_conn_id, **CALLS[name]).execute({})
    bare(server, "POST", CALLS[name], options)
    assert comparable(server, 0, CALLS[name]) == comparable(server, 1, CALLS[name])


def test_nothing_is_sent_beyond_the_listed_headers(server: Server, connect: Callable[..., str]) -> None:
    with HttpConnectorHook(connect(server.url, headers={"X-Tenant": "a"})) as hook:
        hook.call("POST", body={})
    assert set(server.got[0].headers) == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "x-tenant",
        "content-type",
        "content-length",
    }


def test_body_is_compact_utf8(server: Server, connect: Callable[..., str]) -> None:
    with HttpConnectorHook(connect(server.url)) as hook:
        hook.call("POST", body={"name": "Zoë", "none": None})
    assert server.got[0].body == '{"name":"Zoë","none":null}'.encode()


def test_cookies_are_not_carried_over(server: Server, connect: Callable[..., str]) -> None:
    with HttpConnectorHook(connect(server.url)) as hook:
        hook.call("POST")
        hook.call("POST")
    assert "cookie" not in server.got[1].headers
