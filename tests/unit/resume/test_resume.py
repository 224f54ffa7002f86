"""Resume links over real HTTP and on both databases: who may let which task go on, and who may not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline import parking
from hookline.database import engine
from hookline.inbox.refusals import Refusal
from hookline.protocol import link
from hookline.protocol.wait import KEY
from hookline.resume import links
from tests.e2e.driver import wait_for
from tests.unit.dispatch import parked_tasks
from tests.unit.ingress.server import Server

FIELDS = {
    "type": "object",
    "required": ["approved"],
    "properties": {"approved": {"enum": ["yes", "no"]}, "amount": {"type": "number", "maximum": 100}},
}
PAGE = {"Accept": "text/html"}


class Waiting:
    """A parked task and its link."""

    def __init__(self, server: Server, *, map_index: int = -1, **asked: Any) -> None:
        self.http = server.client
        self.number = parked_tasks.park({"id": "one"}, map_index=map_index)
        self.token, digest = link.make(self.number)
        expires = (datetime.now(UTC) + asked.pop("expires_in", timedelta(hours=1))).isoformat()
        wait = {"id": uuid.uuid4().hex, "kind": link.KIND, "digest": digest, "expires": expires, **asked}
        parked_tasks.put(self.number, next_kwargs={KEY: wait})

    def path(self, token: str = "") -> str:
        return f"/resume/{token or self.token}"

    def get(self, token: str = "") -> httpx.Response:
        return self.http.get(self.path(token), headers=PAGE)

    def post(self, token: str = "", **arguments: Any) -> httpx.Response:
        return self.http.post(self.path(token), **({"json": {}} | arguments))

    @property
    def waits(self) -> bool:
        return parked_tasks.state(self.number)[0] == "awaiting_input"

    @property
    def result(self) -> Any:
        return parking.answer(parked_tasks.state(self.number)[1]["event"])


@pytest.fixture(scope="module")
def server(metadata: str) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as environment:
        partner = {"conn_type": "webhook", "password": "s3cret", "extra": {"auth_type": "bearer"}}
        environment.setenv("AIRFLOW_CONN_PARTNER", json.dumps(partner))
        with Server() as server:
            yield server


@pytest.fixture
def task(server: Server) -> Waiting:
    return Waiting(server)


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    with Session(engine()) as session, session.begin():
        for table in (TaskInstanceHistory, Refusal):
            session.query(table).delete()
    parked_tasks.empty()


def recorded() -> list[tuple[str, str]]:
    """Return reasons and requests of refusals, which are written within a second or so."""
    with engine().connect() as connection:
        return [(row.reason, row.request) for row in connection.execute(select(Refusal.__table__))]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"json": {"paid": [1, 2.50]}}, {"paid": [1, 2.5]}),
        ({"json": "yes"}, "yes"),
        ({"data": {"choice": "yes"}}, {"choice": "yes"}),
        ({"json": None, "content": b""}, {}),
    ],
)
def test_a_program_lets_the_task_go_on_with_its_body(task: Waiting, arguments: Any, result: Any) -> None:
    answer = task.post(**arguments)
    assert (answer.status_code, answer.json()) == (200, {"status": "resumed"})
    assert task.result == result
    assert parked_tasks.state(task.number)[0] == "scheduled"


def test_a_person_is_asked_and_confirms(server: Server) -> None:
    task = Waiting(server, title="Deploy <1.2>?", description="It takes a minute.")
    page = task.get()
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Deploy &lt;1.2&gt;?</h1>" in page.text
    assert "Confirm</button>" in page.text
    assert task.waits
    done = task.post(
        data={}, json=None, headers={**PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    )
    assert "Thank you" in done.text
    assert task.result == {}


def test_fields_make_the_page_a_form(server: Server) -> None:
    task = Waiting(server, title="Approve?", fields=FIELDS)
    assert '<option value="yes">yes</option>' in task.get().text
    wrong = task.post(data={"/approved": "maybe", "/amount": "500"}, json=None, headers=PAGE)
    assert wrong.status_code == 422
    assert "Approved must be one of the choices." in wrong.text
    assert 'value="500"' in wrong.text
    assert task.waits
    assert task.post(data={"/approved": "yes", "/amount": "50"}, json=None, headers=PAGE).status_code == 200
    assert task.result == {"approved": "yes", "amount": 50}


def test_a_program_has_to_fit_the_fields_too(server: Server) -> None:
    task = Waiting(server, fields=FIELDS)
    answer = task.post(json={"amount": 500})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/approved", "/amount"}
    assert task.waits
    assert task.post(json={"approved": "no"}).status_code == 200


def altered(task: Waiting) -> str:
    return task.token[:-2] + ("A" if task.token[-2] != "A" else "B") + task.token[-1]


def forged(task: Waiting) -> str:
    return link.make(task.number)[0]


def of_nothing(_task: Waiting) -> str:
    return link.make(uuid.uuid4())[0]


def too_short(task: Waiting) -> str:
    return task.token[:-1]


def hostile(_task: Waiting) -> str:
    return "%2e%2e%2f" + "A" * 5000


def cleared(task: Waiting) -> str:
    with Session(engine()) as session, session.begin():
        instance = session.get(TaskInstance, task.number)
        assert instance is not None
        instance.prepare_db_for_next_try(session)  # what `clear_task_instances` does
        instance.state = None
    return task.token


def ended(state: str) -> Callable[[Waiting], str]:
    def end(task: Waiting) -> str:
        parked_tasks.put(task.number, state=state)
        return task.token

    end.__name__ = state
    return end


def waiting_again(task: Waiting) -> str:
    wait = {
        "id": "two",
        "kind": link.KIND,
        "digest": link.make(task.number)[1],
        "expires": "2100-01-01T00:00:00+00:00",
    }
    parked_tasks.put(task.number, next_kwargs={KEY: wait})
    return task.token


@pytest.mark.parametrize(
    "attempt",
    [
        altered, forged, of_nothing, too_short, hostile, cleared, waiting_again,
        *map(ended, ["running", "failed", "success", "scheduled", "up_for_retry"]),
    ],
    ids=lambda attempt: attempt.__name__,
)  # fmt: skip
def test_a_link_that_is_no_good_resumes_nothing(task: Waiting, attempt: Callable[[Waiting], str]) -> None:
    token = attempt(task)
    for answer in (task.get(token), task.post(token), task.post(token, headers=PAGE)):
        assert answer.status_code in (404, 431)
        if answer.status_code == 404:
            assert links.INVALID in answer.text
    with Session(engine()) as session:
        assert session.scalar(select(Log.id).where(Log.event == links.RESUMED)) is None


def test_a_link_works_once(task: Waiting) -> None:
    assert task.post(json=1).status_code == 200
    for again in (task.get(), task.post(json=2)):
        assert (again.status_code, links.USED in again.text) == (410, True)
    parked_tasks.put(task.number, state="success", next_kwargs=None)
    assert links.USED in task.get().text
    assert links.USED not in task.get(forged(task)).text


def test_of_many_at_the_same_time_one_counts(task: Waiting) -> None:
    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(lambda number: task.post(json=number).status_code, range(8)))
    assert statuses == [200, *[410] * 7]
    assert task.result in range(8)


def test_an_expired_link_says_so(server: Server) -> None:
    task = Waiting(server, expires_in=timedelta(seconds=-1))
    for answer in (task.get(), task.post()):
        assert (answer.status_code, links.EXPIRED in answer.text) == (410, True)
    assert task.waits


def test_looking_resumes_nothing(task: Waiting) -> None:
    """Previews, scanners and prefetches: by GET and HEAD, with what they send along."""
    for method in ("GET", "HEAD"):
        for headers in ({}, PAGE, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}):
            assert task.http.request(method, task.path(), headers=headers).status_code == 200
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert task.http.request(method, task.path()).status_code == 405
    assert task.waits


def test_one_map_index_is_not_another(server: Server) -> None:
    first, second = Waiting(server, map_index=0), Waiting(server, map_index=1)
    assert first.post(json="first").status_code == 200
    assert (first.result, second.waits) == ("first", True)


def test_a_link_of_a_source_is_for_its_senders(server: Server) -> None:
    task = Waiting(server, source="partner")
    assert task.get().status_code == 405
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert task.post(headers=headers).status_code == 401
    assert task.waits
    assert task.post(headers={"Authorization": "Bearer s3cret"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"x" * 300_000, "application/json", 413),
        (b"PK", "application/zip", 415),
        (b'{"a": NaN}', "application/json", 400),
    ],
)
def test_what_cannot_be_read_leaves_the_task_waiting(
    task: Waiting, content: bytes, kind: str, status: int
) -> None:
    answer = task.post(json=None, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert task.waits


def test_refusals_are_recorded_without_the_link(server: Server) -> None:
    # A map index of its own: refusals with one reason, within a second, are one record.
    task = Waiting(server, map_index=77)
    task.post(json=1)
    task.post(json=2)
    reason = "The link of `flow`, run `manual__1`, task `wait` [77] was used before."
    found = wait_for(lambda: dict(recorded()).get(reason), 10, reason)
    assert json.loads(found) == {"method": "POST", "path": "/hooks/resume/***"}


def test_what_is_stored_is_no_link(task: Waiting) -> None:
    _, kwargs = parked_tasks.state(task.number)
    assert task.token not in json.dumps(kwargs)
    assert kwargs[KEY]["digest"] == link.digest(task.token)


def test_the_log_of_the_task_tells_that_a_link_was_used(task: Waiting) -> None:
    task.post(json=1)
    with Session(engine()) as session:
        [line] = session.scalars(select(Log).where(Log.event == links.RESUMED))
        assert (line.dag_id, line.run_id, line.task_id, line.map_index) == ("flow", "manual__1", "wait", -1)
        assert task.token not in str(line.extra)


def test_guessing_costs_256_bits() -> None:
    number = uuid.uuid4()
    token, digest = link.make(number)
    place = link.read(token)
    assert place == (number, digest)
    assert len({link.make(number)[0][24:] for _ in range(100)}) == 100
    assert link.SECRET_BYTES * 8 == 256
