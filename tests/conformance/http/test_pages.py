"""Pages, through both lanes: every rule, its end, and what does not end or leads elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hookline.exceptions import UnexpectedAnswer
from hookline.http.pagination import Cursor, LinkHeader, NextUrl, PageNumber
from hookline.http.response import Answer
from hookline.operators.http import HttpCallOperator, HttpGetOperator, HttpPostOperator
from tests.conformance.http.conftest import Server, answer, in_turn, json_answer
from tests.conformance.http.lanes import Lane, through_a_worker

Connect = Callable[..., str]
GET = HttpGetOperator


def page(items: list[int], following: Any = None, **headers: str) -> Any:
    """Make a page; ``{host}`` in ``following`` becomes the server's."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        place = following
        if isinstance(place, str):
            place = place.replace("{host}", handler.headers["Host"])
        json_answer({"items": items, "meta": {"next": place}}, **headers)(handler)

    return respond


def circle(handler: BaseHTTPRequestHandler) -> None:
    page([1], {"/": 1, "/?cursor=1": 2}.get(handler.path, 1))(handler)


RULES: dict[str, tuple[Any, Any, list[Any], list[tuple[str, Any]]]] = {
    "link header": (
        LinkHeader(),
        GET,
        [page([1], Link='<?page=2>; title="a, b"; rel="prev next", </last>; rel=last'), page([2])],
        [("/v2/things?q=a", None), ("/v2/things?page=2", None)],
    ),
    "address of the server in the body": (
        NextUrl("meta.next"),
        GET,
        [page([1], "//{host}/v2/things?after=7"), page([2])],
        [("/v2/things?q=a", None), ("/v2/things?after=7", None)],
    ),
    "relative address in the body, with a fragment": (
        NextUrl("meta.next"),
        GET,
        [page([1], "/v2/more#top"), page([2])],
        [("/v2/things?q=a", None), ("/v2/more", None)],
    ),
    "cursor in the query": (
        Cursor("meta.next", "after"),
        GET,
        [page([1], "c=/2"), page([2], "")],
        [("/v2/things?q=a", None), ("/v2/things?q=a&after=c%3D%2F2", None)],
    ),
    "cursor in the body": (
        Cursor("meta.next", "after", "body"),
        partial(HttpCallOperator, method="POST", body={"size": 1}),
        [page([1], 0), page([2], False)],
        [("/v2/things?q=a", {"size": 1}), ("/v2/things?q=a", {"size": 1, "after": 0})],
    ),
    "page number": (
        PageNumber("p", first=0, items="items"),
        GET,
        [page([1]), page([2]), page([])],
        [("/v2/things?q=a", None), ("/v2/things?q=a&p=1", None), ("/v2/things?q=a&p=2", None)],
    ),
    "page number up to a page without items": (
        PageNumber("p", items="items"),
        GET,
        [page([1, 2]), json_answer({"meta": {}})],
        [("/v2/things?q=a", None), ("/v2/things?q=a&p=2", None)],
    ),
    "page number up to no content": (
        PageNumber("p", items="items"),
        GET,
        [page([1, 2]), answer(204)],
        [("/v2/things?q=a", None), ("/v2/things?q=a&p=2", None)],
    ),
    "cursor in a body that is JSON text": (
        Cursor("meta.next", "after", "body"),
        partial(HttpCallOperator, method="POST", body='{"size": 1}'),
        [page([1], 5), page([2])],
        [("/v2/things?q=a", {"size": 1}), ("/v2/things?q=a", {"size": 1, "after": 5})],
    ),
    "relative address after a redirect": (
        LinkHeader(),
        GET,
        [answer(302, {"Location": "/v3/all/"}), page([1], Link='<more>; rel="next"'), page([2])],
        [("/v2/things?q=a", None), ("/v3/all/", None), ("/v3/all/more", None)],
    ),
    "page number with a mark of the last": (
        PageNumber(stop_when="meta.next == `null`"),
        GET,
        [page([1], "more"), page([2])],
        [("/v2/things?q=a", None), ("/v2/things?q=a&page=2", None)],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_all_pages_are_read(server: Server, connect: Connect, lane: Lane, name: str) -> None:
    rule, make, answers, sent = RULES[name]
    server.respond = in_turn(*answers)

    xcom = lane(
        make, http_conn_id=connect(f"{server.url}/v2"), path="things", query={"q": "a"},
        response_filter="items", pagination=rule,
    )  # fmt: skip

    assert xcom["body"] == [1, 2]
    assert [(got.target, json.loads(got.body) if got.body else None) for got in server.got] == sent


@pytest.mark.parametrize(("body", "body_type"), [([1], "json"), ("[1]", "json"), ("{}", "raw")])
def test_a_body_without_a_place_for_the_mark_is_not_sent(
    server: Server, connect: Connect, lane: Lane, body: Any, body_type: str
) -> None:
    with pytest.raises(Exception, match="body is no object"):
        lane(
            HttpPostOperator, http_conn_id=connect(server.url), body=body, body_type=body_type,
            pagination=Cursor(where="body"),
        )  # fmt: skip
    assert server.got == []


def test_a_page_after_a_redirect_to_another_server_is_not_asked_for(
    server: Server, elsewhere: Server, connect: Connect, lane: Lane
) -> None:
    server.respond = answer(302, {"Location": f"{elsewhere.url}/a"})
    elsewhere.respond = page([1], Link='<b>; rel="next"')

    with pytest.raises(Exception, match=f"the next page is on {elsewhere.url}, another server"):
        lane(GET, http_conn_id=connect(server.url), pagination=LinkHeader())
    assert len(elsewhere.got) == 1


def test_a_function_can_be_the_rule(server: Server, connect: Connect) -> None:
    server.respond = in_turn(page([1], 5), page([2]))

    def following(answer: Answer) -> Mapping[str, Any] | None:
        mark = answer.body["meta"]["next"]
        return {"query": {"from": mark}, "body": {"again": True}} if mark else None

    through_a_worker(
        HttpPostOperator, http_conn_id=connect(server.url), pagination=following, response_filter="items"
    )

    assert [(got.target, got.body) for got in server.got] == [("/", b""), ("/?from=5", b'{"again":true}')]


def test_a_function_that_returns_something_else_is_an_error(server: Server, connect: Connect) -> None:
    with pytest.raises(UnexpectedAnswer, match="returns neither None nor url, query or body"):
        through_a_worker(GET, http_conn_id=connect(server.url), pagination=lambda _answer: {"page": 2})


@pytest.mark.parametrize(
    ("rule", "respond", "says", "sent"),
    [
        pytest.param(
            NextUrl("meta.next"), page([1], "/same"), "page 2 leads back to a page that was read already", 2,
            id="a page that names itself",
        ),
        pytest.param(
            Cursor("meta.next"), circle, "page 3 leads back", 3,
            id="a circle",
        ),
        pytest.param(
            PageNumber(max_pages=3), page([1]), "there are more than 3 pages; ask for fewer, or raise", 3,
            id="too many",
        ),
        pytest.param(
            NextUrl("meta.next"), page([1], "http://[::1"), "next page's address is none that could be", 1,
            id="no address",
        ),
        pytest.param(
            NextUrl("meta.next"), page([1], "file:///etc/passwd"), "address is none that could be called", 1,
            id="a file",
        ),
        pytest.param(
            NextUrl("meta.next"), page([1], "http://a:b@{host}/"), "address is none that could be called", 1,
            id="a password",
        ),
        pytest.param(
            NextUrl("contains(items, `1`) && items[0]"), page([1]), "page 2 leads back", 2, id="a number"
        ),
        pytest.param(
            NextUrl("meta.next < `3`"), page([1], "x"), "does not fit the answer", 1, id="not comparable"
        ),
    ],
)  # fmt: skip
def test_what_has_no_end_or_no_sense_is_an_error(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, lane: Lane, rule: Any, respond: Any, says: str, sent: int
) -> None:
    server.respond = respond

    with pytest.raises(Exception, match=says):
        lane(GET, http_conn_id=connect(server.url), pagination=rule)
    assert len(server.got) == sent


@pytest.mark.parametrize("rule", [LinkHeader(), NextUrl("meta.next")], ids=["link header", "body"])
@pytest.mark.parametrize(
    "fields",
    [{}, {"auth_type": "bearer", "password": "t0k3n"}, {"headers": {"X-Tenant": "a"}}],
    ids=["nothing of the Connection's", "credentials", "headers"],
)
def test_no_other_server_is_asked_for_a_page(  # noqa: PLR0917  one for each dimension
    server: Server, elsewhere: Server, connect: Connect, lane: Lane, rule: Any, fields: dict[str, Any]
) -> None:
    address = f"{elsewhere.url}/things"
    server.respond = page([1], address, Link=f'<{address}>; rel="next"')

    with pytest.raises(Exception, match=f"the next page is on {elsewhere.url}, another server"):
        lane(
            HttpPostOperator, http_conn_id=connect(server.url, **fields), pagination=rule,
            headers={"Authorization-Of-Mine": "s3cret"}, body={"secret": 1},
        )  # fmt: skip
    assert elsewhere.got == []


def test_a_key_that_the_server_repeats_in_the_address_is_sent_once(
    server: Server, connect: Connect, lane: Lane
) -> None:
    server.respond = in_turn(page([1], Link='</?key=k3y&page=2&k%65y=k3y>; rel="next"'), page([2]))

    lane(
        GET,
        http_conn_id=connect(server.url, auth_type="api_key", password="k3y", key_query="key"),
        pagination=LinkHeader(),
    )

    assert parse_qs(urlsplit(server.got[1].target).query) == {"page": ["2"], "key": ["k3y"]}


def test_the_pages_are_bounded_together(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = page([10**40])

    with pytest.raises(Exception, match=r"the pages are over 100 bytes together; ask for less"):
        lane(GET, http_conn_id=connect(server.url, max_response_bytes=100), pagination=PageNumber())
    assert len(server.got) == 2


def test_pages_are_not_saved_over_one_another() -> None:
    with pytest.raises(Exception, match="pagination and save_to exclude each other"):
        GET(task_id="call", url="https://h", pagination=LinkHeader(), save_to="s3://bucket/x")
