"""Attempts, waits and tokens, through both lanes: what is sent again, when, and with what."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import TaskDeferred
from airflow.sdk.module_loading import import_string

from hookline.http.companion import fingerprint
from hookline.operators.http import HttpCallOperator, HttpGetOperator, HttpPostOperator
from tests.conformance.http.conftest import Server, answer, in_turn, json_answer
from tests.conformance.http.lanes import Lane, Triggerer, context, instance

Connect = Callable[..., str]
BUSY = answer(503, {"Retry-After": "0"})
POST_WITH_KEY = partial(HttpPostOperator, idempotency_key=True)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(BUSY, id="503"),
        pytest.param(answer(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), id="429 until the past"),
        pytest.param(answer(429, {"Retry-After": "0.1"}), id="429 with a fraction"),
        pytest.param(answer(429, {"Retry-After": "invalid"}), id="429 with nonsense"),
        pytest.param(answer(408), id="408"),
        pytest.param(answer(425), id="425"),
        pytest.param(hang_up, id="a connection that breaks"),
    ],
)
@pytest.mark.parametrize("make", [HttpGetOperator, POST_WITH_KEY], ids=["GET", "POST with a key"])
def test_a_call_is_sent_again(server: Server, connect: Connect, lane: Lane, make: Any, first: Any) -> None:
    server.respond = in_turn(first, json_answer({"ok": True}))

    assert lane(make, http_conn_id=connect(server.url))["body"] == {"ok": True}
    assert len(server.got) == 2


@pytest.mark.parametrize("first", [BUSY, hang_up], ids=["503", "a connection that breaks"])
def test_a_post_without_a_key_is_sent_once(server: Server, connect: Connect, lane: Lane, first: Any) -> None:
    server.respond = first

    with pytest.raises(Exception, match=r"503|may have been carried out"):
        lane(HttpPostOperator, http_conn_id=connect(server.url))
    assert len(server.got) == 1


def test_the_key_stays_the_same_over_attempts_and_tries(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = in_turn(BUSY, BUSY, answer(200))
    conn_id = connect(server.url)

    for _ in range(2):
        lane(POST_WITH_KEY, http_conn_id=conn_id)

    assert len(server.got) == 4
    assert len({got.headers["idempotency-key"] for got in server.got}) == 1


def test_attempts_come_to_an_end(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = BUSY

    with pytest.raises(Exception, match=r"-> 503; given up after 2 attempts$"):
        lane(HttpGetOperator, http_conn_id=connect(server.url, max_attempts=2))
    assert len(server.got) == 2


def test_a_wait_that_is_too_long_ends_the_call(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = answer(429, {"Retry-After": "120.1"})

    with pytest.raises(Exception, match=r"it asks to wait 120 s, and the Connection's max_wait is 100 s"):
        lane(HttpGetOperator, http_conn_id=connect(server.url, max_wait=100))


# Waiting without a worker


def deferred(operator: Any, ti: Any, resume: dict[str, Any] | None = None) -> TaskDeferred:
    go = operator.execute if resume is None else partial(operator.resume, event=None, **resume)
    with pytest.raises(TaskDeferred) as raised:
        go(context(ti))
    return raised.value


def operator(make: Any, **arguments: Any) -> Any:
    with DAG("dag", schedule=None):
        return make(task_id="call", **arguments)


@pytest.mark.parametrize(
    ("after", "seconds"), [("120", 120), ("120.1", 120.1), ("600", 600)], ids=["120", "120.1", "600"]
)
def test_a_long_wait_is_deferred(server: Server, connect: Connect, after: str, seconds: float) -> None:
    server.respond = answer(429, {"Retry-After": after})
    task = operator(HttpGetOperator, http_conn_id=connect(server.url))

    waiting = deferred(task, instance(task))

    assert waiting.method_name == "resume"
    left = waiting.trigger.moment.timestamp() - time.time()
    assert seconds - 5 < left <= seconds


def test_a_wait_ends_and_the_call_with_it(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookline.operators.http.LONGEST_SLEEP", 0.1)
    server.respond = in_turn(answer(429, {"Retry-After": "0.5"}), json_answer({"ok": True}))
    task = operator(HttpGetOperator, http_conn_id=connect(server.url))
    waiting = deferred(task, instance(task))
    path, arguments = waiting.trigger.serialize()  # as it goes to a triggerer by way of the database
    trigger = import_string(path)(**arguments)

    event = asyncio.run(anext(trigger.run()))
    xcom = getattr(task, waiting.method_name)(context(instance(task)), event=event.payload, **waiting.kwargs)

    assert xcom["body"] == {"ok": True}
    assert len(server.got) == 2


def test_another_process_goes_on_where_the_first_left_off(server: Server, connect: Connect) -> None:
    wait = answer(429, {"Retry-After": "600"})
    server.respond = in_turn(
        json_answer([1], Link='</?page=2>; rel="next"'),
        wait,
        json_answer([2], Link='</?page=3>; rel="next"'),
        wait,
        json_answer([3]),
    )
    arguments = {"http_conn_id": connect(server.url), "pagination": {"kind": "link_header"}}
    first, second, third = (operator(HttpGetOperator, **arguments) for _ in range(3))

    resume = json.loads(json.dumps(deferred(first, instance(first)).kwargs))
    resume = json.loads(json.dumps(deferred(second, instance(second), resume).kwargs))
    xcom = third.resume(context(instance(third)), None, **resume)

    assert xcom["body"] == [1, 2, 3]
    assert [got.target for got in server.got] == ["/", "/?page=2", "/?page=2", "/?page=3", "/?page=3"]


def test_attempts_are_counted_over_waits(server: Server, connect: Connect) -> None:
    server.respond = answer(429, {"Retry-After": "600"})
    task = operator(HttpGetOperator, http_conn_id=connect(server.url, max_attempts=2))
    resume = deferred(task, instance(task)).kwargs

    with pytest.raises(Exception, match="given up after 2 attempts"):
        task.resume(context(instance(task)), None, **resume)
    assert len(server.got) == 2


# Tokens

OAUTH = {
    "auth_type": "oauth2",
    "login": "id",
    "password": "client-s3cret",
    "grant": "client_credentials",
    "oauth_exchange_url": "https://login.example.com/token",
    "access_token": "old",
}


class TokenServer:
    """Stands for the server: keeps the companion in the environment, and answers the Variable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, gives: str, problem: str = "") -> None:
        from airflow.sdk import Variable

        self.asked: list[tuple[str, str]] = []

        def ask(key: str, value: str, **_options: Any) -> None:
            self.asked.append((key, value))
            companion = {
                "conn_type": "http_connector_token",
                "password": gives,
                "extra": {"problem": problem} if problem else {},
            }
            monkeypatch.setenv("AIRFLOW_CONN_CRM__TOKEN", json.dumps(companion))

        monkeypatch.setattr(Variable, "set", ask)
        monkeypatch.setattr("hookline.hooks.token.PAUSE", 0.01)
        monkeypatch.setattr("hookline.hooks.token.BOUND", 0.2)


def bearer(good: str, refusal: Any) -> Callable[[BaseHTTPRequestHandler], None]:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        (answer(200) if handler.headers["Authorization"] == f"Bearer {good}" else refusal)(handler)

    return respond


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        pytest.param({}, answer(401), id="401"),
        pytest.param({"expired_status": "401, 419"}, answer(419), id="a status of the Connection's"),
        pytest.param(
            {"expired_when": "error == 'expired'"}, json_answer({"error": "expired"}), id="what the body says"
        ),
    ],
)
@pytest.mark.parametrize("make", [HttpGetOperator, HttpPostOperator], ids=["GET", "POST"])
def test_a_rejected_token_is_renewed_and_the_call_sent_again(  # noqa: PLR0917  one for each dimension
    server: Server,
    connect: Connect,
    lane: Lane,
    monkeypatch: pytest.MonkeyPatch,
    make: Any,
    rule: Any,
    refusal: Any,
) -> None:
    server.respond = bearer("new", refusal)
    tokens = TokenServer(monkeypatch, "new")

    assert lane(make, http_conn_id=connect(server.url, **OAUTH, **rule))["status"] == 200
    assert [got.headers["authorization"] for got in server.got] == ["Bearer old", "Bearer new"]
    assert tokens.asked == [("hookline_refresh__crm", fingerprint("old"))]


def test_a_rule_that_does_not_fit_a_good_answer_does_not_fail_it(
    server: Server, connect: Connect, lane: Lane
) -> None:
    server.respond = json_answer({"count": 1})
    conn_id = connect(server.url, **OAUTH, expired_when="contains(count, 'expired')")

    assert lane(HttpPostOperator, http_conn_id=conn_id)["body"] == {"count": 1}


@pytest.mark.parametrize("last", ["/file", "/back"], ids=["there", "back again"])
def test_a_refusal_without_the_token_says_nothing_about_it(  # noqa: PLR0917  one for each fixture
    server: Server,
    elsewhere: Server,
    connect: Connect,
    lane: Lane,
    monkeypatch: pytest.MonkeyPatch,
    last: str,
) -> None:
    server.respond = in_turn(answer(302, {"Location": f"{elsewhere.url}/file"}), answer(401))
    elsewhere.respond = answer(401) if "/file" in last else answer(302, {"Location": f"{server.url}{last}"})
    tokens = TokenServer(monkeypatch, "new")

    with pytest.raises(Exception, match=f"GET .*{last} -> 401"):
        lane(HttpGetOperator, http_conn_id=connect(server.url, **OAUTH))
    assert tokens.asked == []
    assert "authorization" not in elsewhere.got[0].headers


def test_a_second_rejection_is_final(
    server: Server, connect: Connect, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.respond = answer(401)
    TokenServer(monkeypatch, "new")

    with pytest.raises(Exception, match="-> 401"):
        lane(HttpGetOperator, http_conn_id=connect(server.url, **OAUTH))
    assert len(server.got) == 2


def test_each_page_may_meet_an_expired_token(
    server: Server, connect: Connect, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.respond = in_turn(
        answer(401), json_answer([1], Link='</?page=2>; rel="next"'), answer(401), json_answer([2])
    )
    tokens = iter(["second", "third"])
    given = TokenServer(monkeypatch, "")
    monkeypatch.setattr("airflow.sdk.Variable.set", lambda *_key, **_value: put(next(tokens)))

    def put(token: str) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_CRM__TOKEN", json.dumps({"conn_type": "x", "password": token}))

    xcom = lane(
        HttpGetOperator, http_conn_id=connect(server.url, **OAUTH), pagination={"kind": "link_header"}
    )
    assert xcom["body"] == [1, 2]
    assert [got.headers["authorization"][7:] for got in server.got] == ["old", "second", "second", "third"]
    assert given.asked == []


def test_a_missing_consent_is_the_task_s_error(
    server: Server, connect: Connect, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    TokenServer(monkeypatch, "", "Connection `crm` has to be connected again")
    conn_id = connect(server.url, **{name: value for name, value in OAUTH.items() if name != "access_token"})

    with pytest.raises(Exception, match="Connection `crm` has to be connected again"):
        lane(HttpGetOperator, http_conn_id=conn_id)
    assert server.got == []


def test_a_server_that_gives_no_token_is_not_waited_for_without_end(
    server: Server, connect: Connect, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    TokenServer(monkeypatch, "old")
    server.respond = answer(401)

    with pytest.raises(Exception, match="no new access token for Connection `crm`"):
        lane(HttpGetOperator, http_conn_id=connect(server.url, **OAUTH))


# Rate and turns


@pytest.fixture
def throttle(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__THROTTLE_PATH", str(tmp_path))


@pytest.mark.usefixtures("throttle")
def test_every_request_takes_a_turn_of_the_rate(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.respond = bearer("new", answer(401))
    TokenServer(monkeypatch, "new")
    task = operator(HttpGetOperator, http_conn_id=connect(server.url, rate_limit="1/day", **OAUTH))

    resume = deferred(task, instance(task)).kwargs  # what the renewed token is sent with waits for its turn

    assert len(server.got) == 1
    assert task.resume(context(instance(task)), None, **resume)["status"] == 200


def test_a_triggerer_makes_no_more_calls_at_a_time_than_allowed(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, now, lock = [0], [0], threading.Lock()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.02)
        with lock:
            now[0] -= 1
        answer(200)(handler)

    server.respond = respond
    Triggerer(monkeypatch).many(8, HttpGetOperator, http_conn_id=connect(server.url, max_concurrent_calls=2))

    assert len(server.got) == 8
    assert most[0] == 2


def test_a_redirect_of_a_get_leads_on(server: Server, connect: Connect, lane: Lane) -> None:
    server.respond = in_turn(answer(302, {"Location": "/there?x=1"}), json_answer(7))

    xcom = lane(HttpGetOperator, http_conn_id=connect(server.url, auth_type="bearer", password="t0k3n"))

    assert xcom["body"] == 7
    assert [(got.target, got.headers["authorization"]) for got in server.got] == [
        ("/", "Bearer t0k3n"), ("/there?x=1", "Bearer t0k3n"),
    ]  # fmt: skip


def test_a_redirect_to_another_server_takes_no_credential_along(
    server: Server, elsewhere: Server, connect: Connect, lane: Lane
) -> None:
    server.respond = answer(302, {"Location": f"{elsewhere.url}/there"})
    conn_id = connect(server.url, auth_type="bearer", password="t0k3n", headers={"X-Tenant": "a"})

    lane(HttpGetOperator, http_conn_id=conn_id, headers={"X-Api-Key": "s3cret", "Cookie": "a=b"})

    assert set(elsewhere.got[0].headers) == {"host", "user-agent", "accept", "accept-encoding"} | (
        {"connection"} & set(elsewhere.got[0].headers)
    )


@pytest.mark.parametrize("make", [HttpPostOperator, partial(HttpCallOperator, method="DELETE")])
def test_a_redirect_of_what_changes_something_leads_nowhere(
    server: Server, elsewhere: Server, connect: Connect, lane: Lane, make: Any
) -> None:
    server.respond = answer(302, {"Location": f"{elsewhere.url}/there"})

    with pytest.raises(Exception, match=r"-> 302: redirected to .*/there; redirects are not followed"):
        lane(make, http_conn_id=connect(server.url, auth_type="bearer", password="t0k3n"), body={"a": 1})
    assert elsewhere.got == []


def test_outside_of_a_run_a_task_s_key_cannot_be_made(connect: Connect, server: Server) -> None:
    task = operator(HttpPostOperator, http_conn_id=connect(server.url), idempotency_key=True)

    with pytest.raises(Exception, match="idempotency_key=True needs a task"):
        task.execute(SimpleNamespace(get=lambda _name: None))
