"""What senders are answered, over real HTTP and a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from hookline.protocol.source import parse
from tests.unit.conftest import Query
from tests.unit.ingress.conftest import SECRET, SOURCES
from tests.unit.ingress.server import Server
from tests.unit.protocol.requests import message


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    body = response.json()
    assert body["type"] == f"urn:hookline:problem:{kind}"
    assert body["status"] == status
    assert set(body) == {"type", "title", "status", "detail"}
    return body


def test_an_accepted_event_is_stored_when_it_is_answered(server: Server, query: Query) -> None:
    response = server.post("shop/orders/paid", b'{"total": 5}', X_Id="17")
    assert response.status_code == 202
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"event_id": "17", "status": "accepted", "duplicate": False}
    [(source, event_id, event_type, candidates, state, body)] = query(
        "SELECT source, event_id, event_type, candidates, state, body FROM hookline_event"
    )
    assert (source, event_id, event_type, state) == ("shop", "17", "orders.paid", "pending")
    assert json.loads(candidates) == ["shop.orders.paid", "shop"]
    assert json.loads(body)["data"] == {"total": 5}


def test_an_event_without_an_id_gets_one(server: Server, query: Query) -> None:
    ids = [server.post("shop/paid").json()["event_id"] for _ in range(2)]
    assert {UUID(made).version for made in ids} == {7}
    assert query("SELECT count(DISTINCT event_id) FROM hookline_event") == [(2,)]


def test_a_repeated_delivery_is_a_duplicate(server: Server, query: Query) -> None:
    server.post("shop/paid", X_Id="17")
    response = server.post("shop/paid", X_Id="17")
    assert response.status_code == 200
    assert response.json() == {"event_id": "17", "status": "accepted", "duplicate": True}
    assert query("SELECT count(*) FROM hookline_event") == [(1,)]


def test_a_source_words_its_answer_but_no_refusal(server: Server) -> None:
    for again in ("false", "true"):
        response = server.post("worded/paid", X_Id="17")
        assert (response.status_code, response.text) == (201, f"17 accepted {again} worded paid")
        assert response.headers["x-hookline-shop"] == "north"
    problem(server.post("worded", b"no JSON"), 400, "malformed")


def test_the_same_delivery_50_times_at_once_is_one_event(server: Server, query: Query) -> None:
    with ThreadPoolExecutor(50) as threads:
        responses = list(threads.map(lambda _: server.post("shop/paid", X_Id="17"), range(50)))
    assert sorted(response.status_code for response in responses) == [200] * 49 + [202]
    assert sorted(response.json()["duplicate"] for response in responses) == [False] + [True] * 49
    assert query("SELECT count(*) FROM hookline_event") == [(1,)]


def test_two_sources_may_use_the_same_id(server: Server, query: Query) -> None:
    delivery = parse("github", None, SECRET, {"auth_type": "github"}).verifier.sign(message(b"{}"))
    for_github = dict(delivery) | {"X-GitHub-Event": "push", "X-GitHub-Delivery": "17"}
    assert server.post("shop", X_Id="17").status_code == 202
    assert server.post("github", **for_github).status_code == 202
    assert query("SELECT count(*) FROM hookline_event") == [(2,)]


def test_github_s_ping_is_answered_and_not_stored(server: Server, query: Query) -> None:
    headers = parse("github", None, SECRET, {"auth_type": "github"}).verifier.sign(message(b"{}"))
    response = server.post("github", **headers, **{"X-GitHub-Event": "ping"})
    assert (response.status_code, response.json()) == (200, {"status": "ok", "event": "ping"})
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


@pytest.mark.parametrize(
    ("path", "candidate"),
    [
        ("shop/orders/paid", "shop.orders.paid"),
        ("shop/orders/paid/", "shop.orders.paid"),
        ("shop/orders/paid?x=1", "shop.orders.paid"),
        ("shop/orders/paid/?x=/a/b", "shop.orders.paid"),
        ("shop/orders%2Fpaid", "shop.orders_x2Fpaid"),
        ("shop/a%2F%2E%2E%2Fb", "shop.a_x2F_x2E_x2E_x2Fb"),
        ("shop", "shop"),
        ("shop/", "shop"),
        ("shop?x=1", "shop"),
        ("shop/in/hooks/in/x", "shop.in.hooks.in.x"),
    ],
)
def test_the_path_names_the_event(server: Server, query: Query, path: str, candidate: str) -> None:
    assert server.post(path).status_code == 202
    [(candidates,)] = query("SELECT candidates FROM hookline_event")
    assert json.loads(candidates)[0] == candidate


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_source_takes_by_default(server: Server, method: str) -> None:
    assert server.client.request(method, "/in/shop/paid", content=b"{}").status_code == 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_not_allowed(server: Server, method: str) -> None:
    response = server.client.request(method, "/in/shop/paid")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST, PUT, PATCH"
    if method != "HEAD":
        problem(response, 405, "method-not-allowed")


def test_a_source_may_take_get(server: Server) -> None:
    assert server.client.request("GET", "/in/gets/x", content=b"{}").status_code == 202
    assert server.post("gets/x").headers["allow"] == "GET"


MALFORMED = {
    "not JSON": ("shop", b"a=1"),
    "empty": ("shop", b""),
    "not UTF-8": ("shop", b'"\xff"'),
    "too deep": ("shop", b"[" * 65 + b"]" * 65),
    "far too deep": ("shop", b"[" * 50_000),
    "path that is not UTF-8": ("shop/%FF", b"{}"),
    "path with a NUL": ("shop/%00", b"{}"),
    "path with an empty segment": ("shop/a//b", b"{}"),
    "path too long": ("shop/" + "a" * 201, b"{}"),
    "query that is not UTF-8": ("shop?a=%FF", b"{}"),
    "query of 101 fields": ("shop?" + "a&" * 101, b"{}"),
}


@pytest.mark.parametrize(("path", "body"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_refused(server: Server, query: Query, path: str, body: bytes) -> None:
    problem(server.post(path, body), 400, "malformed")
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"Authorization": f"Bearer {SECRET}"}],
    ids=["none", "wrong", "empty", "elsewhere"],
)
def test_an_unverified_sender_is_refused(server: Server, query: Query, headers: dict[str, str]) -> None:
    body = problem(server.post("guarded/paid", **headers), 401, "unauthenticated")
    assert body["detail"] == "The request's credentials or signature are missing or wrong."
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def test_basic_authentication_is_asked_for(server: Server) -> None:
    response = server.post("asks/paid")
    problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "path",
    [
        "nobody/paid",
        "other-type/paid",
        "Shop/paid",
        "",
        "%73hop/paid",
        "shop%2Fpaid",
        "../in/shop%00",
        "a" * 101,
    ],
    ids=["unknown", "another type", "upper case", "no name", "encoded", "encoded slash", "NUL", "too long"],
)
def test_a_source_that_is_none_is_unknown(server: Server, path: str) -> None:
    problem(server.post(path), 404, "unknown-source")


@pytest.mark.parametrize("name", ["open-by-mistake", "misspelt", "no-secret"])
def test_a_source_that_is_misconfigured_is_closed(server: Server, query: Query, name: str) -> None:
    response = server.post(f"{name}/paid")
    problem(response, 503, "source-closed")
    assert int(response.headers["retry-after"]) > 0
    assert query("SELECT count(*) FROM hookline_event") == [(0,)]


def test_a_connection_that_cannot_be_read_is_no_unknown_source(server: Server) -> None:
    response = server.post("broken/paid")
    problem(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "xml"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Encoding": "zstd"},
    ],
    ids=["no type", "UTF-16", "zstd"],
)
def test_an_unsupported_format_is_refused(server: Server, headers: dict[str, str]) -> None:
    problem(server.post("shop", **headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("name", ["Content-Type", "Content-Encoding"])
def test_a_repeated_format_is_refused(server: Server, name: str) -> None:
    repeated = [(name, "application/json"), (name, "gzip")]
    problem(server.client.post("/in/shop", content=b"{}", headers=repeated), 415, "unsupported-media-type")


@pytest.mark.parametrize("size", [99, 100])
def test_a_body_of_the_source_s_limit_is_taken(server: Server, size: int) -> None:
    assert server.post("small", b'"' + b"a" * (size - 2) + b'"').status_code == 202


@pytest.mark.parametrize(
    ("name", "limit"),
    [("small", 100), ("shop", 100_000), ("greedy", 100_000)],
    ids=["its own limit", "the limit of all", "its own above the limit of all"],
)
def test_a_larger_body_is_refused(server: Server, name: str, limit: int) -> None:
    body = problem(server.post(name, b" " * (limit + 1)), 413, "too-large")
    assert body["detail"] == f"The source takes bodies of at most {limit} bytes."


def test_too_many_unknown_names_are_rationed(fresh_server: Server) -> None:
    server = fresh_server
    assert server.post("shop/paid").status_code == 202
    responses = [server.post(f"nobody-{number}") for number in range(100)]
    assert {response.status_code for response in responses} == {404, 429}
    refused = next(response for response in responses if response.status_code == 429)
    problem(refused, 429, "too-many-requests")
    assert int(refused.headers["retry-after"]) > 0
    assert server.post("shop/paid").status_code == 202


EVERY_ANSWER = {
    "accepted": ("POST", "/in/shop/paid", 202),
    "malformed": ("POST", "/in/shop/%FF", 400),
    "unauthenticated": ("POST", "/in/guarded", 401),
    "unknown source": ("POST", "/in/nobody", 404),
    "no source": ("POST", "/in/", 404),
    "no source and no slash": ("POST", "/in", 404),
    "no such page": ("GET", "/nothing", 404),
    "wrong method": ("DELETE", "/in/shop", 405),
    "wrong method of health": ("POST", "/health", 405),
    "closed": ("POST", "/in/misspelt", 503),
    "health": ("GET", "/health", 200),
    "live": ("GET", "/health/live", 200),
}


@pytest.mark.parametrize(("method", "path", "status"), EVERY_ANSWER.values(), ids=EVERY_ANSWER)
def test_no_answer_can_run_in_a_browser_or_stay_in_a_cache(
    server: Server, method: str, path: str, status: int
) -> None:
    response = server.client.request(method, path, content=b"{}")
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] in ("application/json", "application/problem+json")


def test_no_secret_is_in_any_answer_or_log(
    server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    seen = []
    for name in SOURCES:
        for key in (SECRET, "wrong-s3cret-of-a-stranger"):
            headers = {
                "X-API-Key": key,
                "Authorization": f"Bearer {key}",
                "X-Hub-Signature-256": f"sha256={key}",
            }
            response = server.post(f"{name}/paid?token={key}", b'{"a":', **headers)
            seen += [response.text, str(response.headers)]
    out, err = capfd.readouterr()
    lines = (out + err + caplog.text).splitlines()
    # The server's access log prints whole targets; no scheme reads a secret from one.
    logged = "\n".join(line for line in lines if "uvicorn.access" not in line)
    assert "refused" in logged
    for text in (*seen, logged):
        assert SECRET not in text
        assert "of-a-stranger" not in text


def test_the_stored_event_has_no_secret(server: Server, query: Query) -> None:
    server.post(f"guarded/paid?token={SECRET}", **{"X-API-Key": SECRET, "Cookie": f"a={SECRET}"})
    [(body,)] = query("SELECT body FROM hookline_event")
    assert SECRET not in body


def test_health_says_that_events_can_be_stored(server: Server) -> None:
    assert server.client.get("/health").json() == {"ready": True, "database": "ok", "stopped": []}
    assert server.client.get("/health/live").json() == {"alive": True, "stopped": []}
