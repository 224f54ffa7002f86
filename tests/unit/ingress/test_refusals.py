"""What is kept of refused requests, so that a person finds out why nothing arrives."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from hookline.inbox.refusals import NO_SOURCE
from hookline.ingress.refusals import KINDS_OF_SOURCE, MOST
from tests.unit.conftest import Query
from tests.unit.ingress.conftest import SECRET
from tests.unit.ingress.server import Server

COLUMNS = ("source", "problem", "status", "reason", "client", "request", "times")


def kept(query: Query, rows: int) -> list[dict[str, Any]]:
    """Return the refusals once there are so many; they are written a second later at most."""
    deadline = time.monotonic() + 10
    while True:
        found = query(f"SELECT {', '.join(COLUMNS)} FROM hookline_refusal ORDER BY seq")
        if len(found) >= rows or time.monotonic() > deadline:
            return [dict(zip(COLUMNS, row, strict=True)) for row in found]
        time.sleep(0.05)


def test_the_reason_is_kept_and_the_sender_is_not_told(fresh_server: Server, query: Query) -> None:
    answer = fresh_server.post("guarded/paid", X_API_Key="wrong")

    [refusal] = kept(query, 1)
    assert (refusal["source"], refusal["problem"], refusal["status"]) == ("guarded", "unauthenticated", 401)
    assert refusal["reason"] == "The key in `X-API-Key` is wrong."
    assert refusal["reason"] not in answer.text
    assert refusal["client"] == "127.0.0.1"


def test_the_request_is_kept_without_secrets_and_body(fresh_server: Server, query: Query) -> None:
    fresh_server.post(
        "guarded/paid?a=1&token=t0k3n",
        b'{"card": "4242"}',
        X_API_Key="presented-key",
        User_Agent="sender/1",
        Cookie="c00kie",
        Authorization="Bearer b34r3r",
    )

    [refusal] = kept(query, 1)
    request = json.loads(refusal["request"])
    assert (request["method"], request["path"]) == ("POST", "/hooks/in/guarded/paid")
    assert request["query"] == {"a": "***", "token": "***"}
    assert request["headers"]["user-agent"] == "sender/1"
    assert request["headers"]["x-api-key"] == request["headers"]["cookie"] == "***"
    assert request["body_bytes"] == 16
    for secret in ("t0k3n", "presented-key", "c00kie", "b34r3r", SECRET, "4242"):
        assert secret not in refusal["request"]


def test_a_key_in_the_query_is_not_kept(fresh_server: Server, query: Query) -> None:
    fresh_server.post("graph?key=presented-k3y&page=2", b"{}")

    [refusal] = kept(query, 1)
    assert json.loads(refusal["request"])["query"] == {"key": "***", "page": "***"}
    assert "presented-k3y" not in json.dumps(refusal)


@pytest.mark.parametrize("name", ["kay", "key", "code", "sig", "page", ""])
def test_no_value_of_the_query_is_kept(fresh_server: Server, query: Query, name: str) -> None:
    fresh_server.post(f"guarded?{name}=MYSECRETVALUE" if name else "guarded?MYSECRETVALUE")

    [refusal] = kept(query, 1)
    assert "MYSECRETVALUE" not in json.dumps(refusal)


@pytest.mark.parametrize(
    "name", ["X-Key", "X-Functions-Key", "Ocp-Apim-Subscription-Key", "X-Trace", "Referer", "Key"]
)
def test_no_value_of_a_header_is_kept_unless_it_is_known(
    fresh_server: Server, query: Query, name: str
) -> None:
    fresh_server.post("guarded", **{name: "MYSECRETVALUE"})

    [refusal] = kept(query, 1)
    assert json.loads(refusal["request"])["headers"][name.lower()] == "***"
    assert "MYSECRETVALUE" not in json.dumps(refusal)


def test_the_beginning_of_a_body_is_kept_where_it_is_wanted(
    settings: pytest.MonkeyPatch, database_file: Any, query: Query
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__HOOKLINE__REFUSED_BODY_BYTES", "5")
        with Server() as server:
            server.post("guarded/paid", b"\xffabcdefgh", X_API_Key="wrong")
            [refusal] = kept(query, 1)

    assert json.loads(refusal["request"])["body"] == "\ufffdabcd"


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("misspelt", "misspelt", "source-closed"),
        ("nobody/knows", NO_SOURCE, "unknown-source"),
        ("other-type", NO_SOURCE, "unknown-source"),
    ],
)
def test_what_never_was_read_is_kept_too(
    fresh_server: Server, query: Query, path: str, source: str, problem: str
) -> None:
    fresh_server.post(path)

    [refusal] = kept(query, 1)
    assert (refusal["source"], refusal["problem"]) == (source, problem)
    assert json.loads(refusal["request"]) == {"method": "POST", "path": f"/hooks/in/{path}"}


def test_equal_refusals_are_one_row_with_their_number(fresh_server: Server, query: Query) -> None:
    for _ in range(30):
        fresh_server.post("guarded/paid", X_API_Key="wrong")

    rows = kept(query, 1)
    time_is_up = time.monotonic() + 10
    while sum(row["times"] for row in rows) < 30 and time.monotonic() < time_is_up:
        rows = kept(query, len(rows) + 1)
    assert sum(row["times"] for row in rows) == 30
    assert len(rows) <= 5


def test_strangers_leave_a_bounded_number_of_rows(fresh_server: Server, query: Query) -> None:
    for number in range(200):
        fresh_server.post(f"stranger-{number}")
    for number in range(3 * KINDS_OF_SOURCE):
        fresh_server.post("shop", b"{" + b" " * number + b"x")

    rows = kept(query, KINDS_OF_SOURCE)
    assert len({row["source"] for row in rows}) <= 2
    assert len(rows) <= 2 * MOST


def test_text_that_is_no_utf8_is_kept_readable(fresh_server: Server, query: Query) -> None:
    with fresh_server.connect() as connection:
        connection.sendall(
            b"POST /hooks/in/guarded/%00%ff HTTP/1.1\r\nHost: a\r\nX-API-Key: wrong\r\n"
            b"User-Agent: \x80\xff\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert b" 401 " in connection.recv(1000)

    [refusal] = kept(query, 1)
    assert json.loads(refusal["request"])["headers"]["user-agent"] == "\x80\xff"
