"""Answers, through both lanes: parsed, filtered, checked, kept without secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hookline.operators.http import HttpGetOperator, HttpPostOperator
from tests.conformance.http.conftest import Server, answer, json_answer
from tests.conformance.http.lanes import Lane, Triggerer, through_a_worker

Connect = Callable[..., str]


@pytest.mark.parametrize(
    ("content_type", "content", "body"),
    [
        pytest.param("application/json", b'{"a": [1, null]}', {"a": [1, None]}, id="JSON"),
        pytest.param("application/problem+json", b'{"title": "x"}', {"title": "x"}, id="JSON by suffix"),
        pytest.param(
            "text/xml", b'<o id="7"><l>a</l><l>b</l></o>', {"o": {"@id": "7", "l": ["a", "b"]}}, id="XML"
        ),
        pytest.param(
            "application/x-www-form-urlencoded", b"a=1&b=x+y&a=2", {"a": ["1", "2"], "b": "x y"}, id="form"
        ),
        pytest.param(
            "text/csv", b"a,b\r\n1,\"x, y\"\r\n", [{"a": "1", "b": "x, y"}], id="CSV"
        ),
        pytest.param("text/plain; charset=latin-1", b"Zo\xeb", "Zoë", id="text"),
        pytest.param("image/png", b"\x89PNG", None, id="binary"),
        pytest.param("application/json", b"", None, id="nothing"),
    ],
)  # fmt: skip
def test_the_body_is_read_by_its_type(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, lane: Lane, content_type: str, content: bytes, body: Any
) -> None:
    server.respond = answer(200, {"Content-Type": content_type}, content)

    assert lane(HttpGetOperator, http_conn_id=connect(server.url))["body"] == body


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
FILE = b'<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>'
WIDE = b",".join(b"n%d" % number for number in range(60_000)) + b"\n" + b"x\n" * 100


@pytest.mark.parametrize(
    ("content_type", "content", "says"),
    [
        pytest.param("text/xml", LAUGHS, "document type, which is not read", id="entities that grow"),
        pytest.param("text/xml", FILE, "document type, which is not read", id="an entity that is a file"),
        pytest.param("text/xml", b"<!DOCTYPE l><l/>", "document type", id="a document type"),
        pytest.param("text/xml", b"<a>" * 300, "says it is XML but is not", id="XML without end"),
        pytest.param("application/json", b"[" * 100_000, "JSON but is not", id="JSON without end"),
        pytest.param("application/json", b"<html>", "says it is JSON but is not", id="HTML as JSON"),
        pytest.param("text/csv", WIDE, "more than 5000000 cells; set save_to", id="a table that grows"),
        pytest.param(
            "application/json; charset*" + "0" * 5000 + "=x", b"{", "JSON but is not", id="odd parameters"
        ),
    ],
)
def test_what_is_hostile_is_refused(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, lane: Lane, content_type: str, content: bytes, says: str
) -> None:
    server.respond = answer(200, {"Content-Type": content_type}, content)

    with pytest.raises(Exception, match=says):
        lane(HttpGetOperator, http_conn_id=connect(server.url))


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ({"response_filter": "items[?on].id"}, [1, 3]),
        ({"response_filter": "nothing.here"}, None),
        ({"response_check": "length(items) == `3`", "response_filter": "length(items)"}, 3),
    ],
    ids=["a filter", "a filter that finds nothing", "a check and a filter"],
)
def test_an_answer_is_filtered_and_checked(
    server: Server, connect: Connect, lane: Lane, arguments: dict[str, Any], body: Any
) -> None:
    server.respond = json_answer({"items": [{"id": 1, "on": True}, {"id": 2}, {"id": 3, "on": True}]})

    assert lane(HttpGetOperator, http_conn_id=connect(server.url), **arguments)["body"] == body


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"response_check": "ok"}, r"the answer \(200\) does not pass response_check 'ok'"),
        ({"response_check": "contains(state, `1`)"}, "does not fit the answer"),
        ({"response_filter": "sum(state)"}, "does not fit the answer: In function sum"),
        ({"expected_status": [201, 202]}, "-> 200"),
        ({"expected_status": 404}, "-> 200"),
    ],
    ids=["a check", "a check of another type", "a filter of another type", "statuses", "a status"],
)
def test_an_answer_that_does_not_do_is_an_error(
    server: Server, connect: Connect, lane: Lane, arguments: dict[str, Any], says: str
) -> None:
    server.respond = json_answer({"ok": False, "state": "s3cret"})

    with pytest.raises(Exception, match=says) as raised:
        lane(HttpGetOperator, http_conn_id=connect(server.url), **arguments)
    assert "s3cret" not in str(raised.value) or "expected_status" in arguments


def test_another_status_can_be_success(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = answer(404)

    assert (
        lane(HttpGetOperator, http_conn_id=connect(server.url), expected_status=[200, 404])["status"] == 404
    )


def test_functions_look_at_the_whole_answer(server: Server, connect: Connect) -> None:
    server.respond = json_answer([1], X_Total="7")

    xcom = through_a_worker(
        HttpGetOperator,
        http_conn_id=connect(server.url),
        response_check=lambda answer: answer.status == 200,
        response_filter=lambda answer: int(answer.headers["x-total"]),
    )
    assert xcom["body"] == 7


def test_the_xcom_has_no_header_that_is_a_secret(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = json_answer(1, Set_Cookie="sid=s3cret", X_Auth_Token="s3cret", ETag="1")

    headers = lane(HttpGetOperator, http_conn_id=connect(server.url))["headers"]

    assert (headers["set-cookie"], headers["x-auth-token"], headers["etag"]) == ("***", "***", "1")


SECRET = 'p"ä/ss w+&ö'


@pytest.mark.parametrize(
    "fields",
    [
        {"auth_type": "client_secret", "password": SECRET},
        {"auth_type": "api_key", "password": SECRET, "key_query": "key"},
        {"auth_type": "basic", "login": "ann", "password": SECRET},
        {"auth_type": "hmac", "password": SECRET},
    ],
    ids=lambda fields: fields["auth_type"],
)
@pytest.mark.parametrize("body_type", ["json", "urlencoded"])
def test_a_secret_that_is_echoed_is_in_no_error(
    server: Server, connect: Connect, lane: Lane, fields: dict[str, Any], body_type: str
) -> None:
    def echo(handler: Any) -> None:
        sent = server.got[-1]
        text = f"{sent.target} {sent.headers.get('authorization')} {sent.body.decode()} {SECRET}"
        answer(400, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())(handler)

    server.respond = echo
    with pytest.raises(Exception, match="-> 400") as raised:
        lane(HttpPostOperator, http_conn_id=connect(server.url, **fields), body={"a": 1}, body_type=body_type)
    said = str(raised.value)
    assert "***" in said
    assert not [form for form in (SECRET, "p%22", "\\u00e4", 'p\\"', "YW5u") if form in said]


@pytest.mark.parametrize("log_response", [False, True])
def test_the_triggerer_logs_a_body_only_when_asked_for(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch, log_response: bool
) -> None:
    server.respond = json_answer({"of": "nobody-s-business"})
    triggerer = Triggerer(monkeypatch)

    triggerer(HttpGetOperator, http_conn_id=connect(server.url), log_response=log_response)

    assert any("nobody-s-business" in line for line in triggerer.said) is log_response
