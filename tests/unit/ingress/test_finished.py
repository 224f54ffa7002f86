"""``respond=finished``: requests that wait for their run, over real HTTP and on both databases."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from airflow.utils.state import DagRunState
from sqlalchemy import func, select

from hookline.database import engine
from hookline.exceptions import ConfigurationError
from hookline.inbox.models import HELD, QUARANTINED, InboxEvent
from hookline.protocol import response
from tests.unit.ingress import runs
from tests.unit.ingress.server import Server

BASE = {"auth_type": "none", "event_id": "header:X-Id"}
SOURCES: dict[str, dict[str, Any]] = {
    "waits": {**BASE, "respond": "finished", "respond_timeout": 20},
    "impatient": {**BASE, "respond": "finished", "respond_timeout": 0.2},
    "worded": {
        **BASE,
        "respond": "finished",
        "response_status": 201,
        "response_headers": {"Content-Type": "application/xml", "X-Hookline-Shop": "north"},
        "response_body": "<done id='{event_id}'>{status}</done>",
    },
}


@pytest.fixture(scope="module")
def server(metadata: str) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as environment:
        for name, extra in SOURCES.items():
            connection = {"conn_type": "webhook", "extra": extra}
            environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        environment.setenv("AIRFLOW__API__SECRET_KEY", "a-secret-of-all-replicas")
        with Server() as server:
            yield server


@pytest.fixture(autouse=True)
def _empty(server: Server) -> None:
    runs.empty()


def stored(event_id: str) -> bool:
    with engine().connect() as connection:
        query = select(func.count()).where(InboxEvent.event_id == event_id)
        return bool(connection.scalar(query))


def wait_until_stored(event_id: str) -> None:
    deadline = time.monotonic() + 10
    while not stored(event_id):
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


@pytest.fixture
def posting(server: Server) -> Iterator[Any]:
    """Post an event to a source; gives the future answer once the event is stored."""
    with ThreadPoolExecutor(8) as threads:

        def post(event_id: str = "1", source: str = "waits") -> Future[httpx.Response]:
            answer = threads.submit(server.post, source, b"{}", X_Id=event_id)
            wait_until_stored(event_id)
            return answer

        yield post


def test_the_answer_comes_when_the_run_has_ended(posting: Any) -> None:
    answer = posting()
    runs.start("1")
    assert not answer.done()
    runs.end("1", DagRunState.SUCCESS)
    got = answer.result(10)
    assert (got.status_code, got.json()) == (200, {"event_id": "1", "status": "success", "duplicate": False})


def test_a_run_that_failed_is_said_to_have_failed(posting: Any) -> None:
    answer = posting()
    runs.start("1", DagRunState.FAILED)
    got = answer.result(10)
    assert (got.status_code, got.headers["content-type"]) == (500, "application/problem+json")
    assert got.json()["type"] == "urn:hookline:problem:run-failed"
    assert (got.json()["event_id"], got.json()["duplicate"]) == ("1", False)


def test_what_could_not_be_started_is_said_to_be_kept(posting: Any) -> None:
    answer = posting()
    runs.settle("1", "failed", reason="a listener's fault")
    got = answer.result(10)
    assert (got.status_code, got.json()["type"]) == (500, "urn:hookline:problem:not-started")
    assert (got.json()["event_id"], got.json()["duplicate"]) == ("1", False)
    assert "listener" not in got.text


def test_a_task_answers_before_the_run_ends(posting: Any) -> None:
    answer = posting()
    runs.start("1")
    made = response.compose(201, {"X-Request-Id": "r-1"}, {"order": 5})
    runs.say("1", response.dump(made))
    got = answer.result(10)
    assert (got.status_code, got.json(), got.headers["x-request-id"]) == (201, {"order": 5}, "r-1")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"


def test_of_several_answers_the_first_counts(posting: Any) -> None:
    answer = posting()
    runs.start("1", DagRunState.QUEUED)
    # The later one is written first: their times decide.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response, "KEY", "not-yet")
        runs.say("1", response.dump(response.compose(body="second")), task="b", at=2)
        runs.say("1", response.dump(response.compose(body="first")), task="a", at=1)
    rename("not-yet")
    assert answer.result(10).text == "first"


def rename(key: str) -> None:
    from airflow.models.xcom import XComModel
    from sqlalchemy import update

    with engine().begin() as connection:
        table = XComModel.__table__
        connection.execute(update(table).where(table.c.key == key).values(key=response.KEY))


WRONG_ANSWERS: dict[str, Any] = {
    "no text": {"status": 200},
    "no JSON": "hello",
    "a cookie": json.dumps({"status": 200, "headers": {"Set-Cookie": "a=b"}, "body": ""}),
    "a page": json.dumps({"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>"}),
    "not modified": json.dumps({"status": 304, "headers": {}, "body": ""}),
}


@pytest.mark.parametrize("value", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_an_answer_that_is_not_allowed_is_not_sent(posting: Any, value: Any) -> None:
    answer = posting()
    runs.start("1")
    runs.say("1", value)
    got = answer.result(10)
    assert (got.status_code, got.json()["type"]) == (500, "urn:hookline:problem:run-failed")
    assert "set-cookie" not in got.headers


def test_a_held_event_is_answered_at_once_with_where_to_look(server: Server, posting: Any) -> None:
    answer = posting()
    runs.settle("1", HELD, reason="The Dag `secret-name` is paused.")
    got = answer.result(10)
    assert got.status_code == 202
    body = got.json()
    assert (body["status"], body["status_url"]) == ("held", got.headers["location"])
    assert "secret-name" not in got.text


def test_a_quarantined_event_is_a_problem(posting: Any) -> None:
    answer = posting()
    runs.settle("1", QUARANTINED, reason="Airflow refused it: secret-detail")
    got = answer.result(10)
    assert (got.status_code, got.json()["type"]) == (422, "urn:hookline:problem:unprocessable")
    assert "secret-detail" not in got.text


def test_a_duplicate_of_an_event_whose_run_has_ended_is_answered_at_once(
    server: Server, posting: Any
) -> None:
    answer = posting()
    runs.start("1", DagRunState.SUCCESS)
    answer.result(10)
    got = server.post("waits", X_Id="1")
    assert (got.status_code, got.json()["status"], got.json()["duplicate"]) == (200, "success", True)


def test_both_that_sent_the_same_delivery_get_the_answer(posting: Any) -> None:
    answers = [posting(), posting()]
    runs.start("1", DagRunState.SUCCESS)
    assert sorted(answer.result(10).json()["duplicate"] for answer in answers) == [False, True]


def test_the_source_words_the_answer(posting: Any) -> None:
    answer = posting("<'1", "worded")
    runs.start("<'1", DagRunState.SUCCESS)
    got = answer.result(10)
    assert (got.status_code, got.text) == (201, "<done id='&lt;&apos;1'>success</done>")
    assert (got.headers["content-type"], got.headers["x-hookline-shop"]) == ("application/xml", "north")


@pytest.fixture
def status_url(server: Server) -> str:
    """The status URL of the event 1, which nothing has dispatched yet."""
    got = server.post("impatient", X_Id="1")
    assert got.status_code == 202
    assert got.json().keys() == {"event_id", "status", "duplicate", "status_url"}
    assert got.headers["location"] == got.json()["status_url"]
    return f"http://127.0.0.1:{server.port}{got.headers['location']}"


def read(url: str) -> dict[str, Any]:
    got = httpx.get(url, timeout=10)
    assert got.status_code == 200
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    return dict(got.json())


def test_who_waited_long_enough_is_told_where_to_look(status_url: str) -> None:
    assert read(status_url) == {"event_id": "1", "status": "accepted"}
    runs.start("1")
    assert read(status_url) == {"event_id": "1", "status": "running"}
    runs.end("1", DagRunState.SUCCESS)
    assert read(status_url) == {"event_id": "1", "status": "success"}


def test_the_status_has_the_answer_of_a_task(status_url: str) -> None:
    runs.start("1", DagRunState.FAILED)
    runs.say("1", response.dump(response.compose(409, None, {"reason": "sold out"})))
    assert read(status_url) == {
        "event_id": "1",
        "status": "failed",
        "response": {
            "status": 409,
            "headers": {"content-type": "application/json"},
            "body": '{"reason": "sold out"}',
        },
    }


def test_another_replica_answers_the_status_url(status_url: str) -> None:
    with Server() as other:
        path = "/status/" + status_url.rpartition("/")[2]
        assert other.client.get(path).json() == {"event_id": "1", "status": "accepted"}


def test_a_status_url_that_was_changed_is_none(server: Server, status_url: str) -> None:
    head, _, token = status_url.rpartition("/")
    for other in ("", "a", token[:-1], token + "A", "A" + token[1:], token[::-1], "%00", "é", "A" * 5000):
        assert httpx.get(f"{head}/{other}").status_code == 404


def test_the_status_of_an_event_that_was_deleted_is_none(status_url: str) -> None:
    runs.empty()
    assert httpx.get(status_url).status_code == 404


def test_a_client_that_goes_away_leaves_nothing_behind(server: Server) -> None:
    outcomes = server.app.state.outcomes
    with server.connect() as connection:
        connection.sendall(
            b"POST /hooks/in/waits HTTP/1.1\r\nHost: a\r\nX-Id: 1\r\nContent-Length: 2\r\n\r\n{}"
        )
        wait_until_stored("1")
        deadline = time.monotonic() + 5
        while not outcomes.waiting:
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)
    deadline = time.monotonic() + 5
    while outcomes.waiting:
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_an_answer_of_a_task_is_checked_where_it_is_made() -> None:
    with pytest.raises(ConfigurationError, match="may not be set"):
        response.compose(headers={"Set-Cookie": "a=b"})
