"""Resume links over real HTTP and on both databases: who may let which task go on, and who may not."""

from __future__ import annotations

import base64
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
from hookline.inbox import refusals
from hookline.inbox.refusals import Refusal
from hookline.ingress import refusals as keeping
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
        self.server, self.http = server, server.client
        self.number = parked_tasks.park({"id": "one"}, map_index=map_index)
        self.token, digest = link.make(self.number)
        expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
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
        environment.setattr(keeping, "PAUSE", 0.02)
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
    """Return reasons and requests of refused links, as the console shows them, soon after."""
    with engine().connect() as connection:
        return [(row.reason, row.request) for row in refusals.recent(connection, refusals.LINKS, 100)]


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


def of_another_map_index(task: Waiting) -> str:
    """The secret of another link, where this task's is looked up."""
    other = Waiting(task.server, map_index=1)
    return base64.urlsafe_b64encode(raw(task.token)[:16] + raw(other.token)[16:]).decode()


def to_another_map_index(task: Waiting) -> str:
    """This link's secret, where another task's is looked up."""
    other = Waiting(task.server, map_index=1)
    return base64.urlsafe_b64encode(raw(other.token)[:16] + raw(task.token)[16:]).decode()


def raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token)


def of_nothing(_task: Waiting) -> str:
    return link.make(uuid.uuid4())[0]


def too_short(task: Waiting) -> str:
    return task.token[:-1]


def hostile(_task: Waiting) -> str:
    return "%2e%2e%2f" + "A" * 5000


def used(task: Waiting) -> str:
    assert task.post(json=1).status_code == 200
    return task.token


def used_and_done(task: Waiting) -> str:
    used(task)
    parked_tasks.put(task.number, state="success", next_method=None, next_kwargs=None)
    return task.token


def forged_after_use(task: Waiting) -> str:
    used(task)
    return forged(task)


def expired(task: Waiting) -> str:
    _, kwargs = parked_tasks.state(task.number)
    wait = kwargs[KEY] | {"expires": datetime.now(UTC).isoformat()}
    parked_tasks.put(task.number, next_kwargs={KEY: wait})
    return task.token


def timed_out(task: Waiting) -> str:
    """The scheduler has ended the wait, and the task has failed of it."""
    over = datetime.now(UTC) - timedelta(seconds=1)
    parked_tasks.put(task.number, state="failed", next_method=None, next_kwargs=None, trigger_timeout=over)
    return task.token


def cleared(task: Waiting) -> str:
    with Session(engine()) as session, session.begin():
        instance = session.get(TaskInstance, task.number)
        assert instance is not None
        instance.prepare_db_for_next_try(session)  # what `clear_task_instances` does
        instance.state = None
        instance.clear_next_method_args()
    return task.token


def forged_after_clearing(task: Waiting) -> str:
    cleared(task)
    return forged(task)


def deleted(task: Waiting) -> str:
    parked_tasks.remove(task.number)
    return task.token


def waiting_again(task: Waiting) -> str:
    wait = {"id": "two", "kind": link.KIND, "digest": link.make(task.number)[1], "expires": "2100-01-01Z"}
    parked_tasks.put(task.number, next_kwargs={KEY: wait})
    return task.token


def ended(state: str, *, forgotten: bool = False) -> Callable[[Waiting], str]:
    def end(task: Waiting) -> str:
        parked_tasks.put(task.number, state=state, **({"next_kwargs": None} if forgotten else {}))
        return task.token

    end.__name__ = f"{state} and forgotten" if forgotten else state
    return end


NOT_ITS = "is not the one that `flow`, run `manual__1`, task `wait` waits for: forged"
FORMER = "is of a former try of `flow`, run `manual__1`, task `wait`"
STATES = ("running", "failed", "success", "scheduled", "up_for_retry")
REFUSED = [
    (forged, 404, links.INVALID, NOT_ITS),
    (altered, 404, links.INVALID, NOT_ITS),
    (of_another_map_index, 404, links.INVALID, NOT_ITS),
    (to_another_map_index, 404, links.INVALID, "task `wait` [1] waits for: forged"),
    (of_nothing, 404, links.INVALID, "is of no task: forged, or its run was deleted"),
    (deleted, 404, links.INVALID, "is of no task: forged, or its run was deleted"),
    (too_short, 404, links.INVALID, "What stands in the address is no link"),
    (hostile, 404, links.INVALID, "What stands in the address is no link"),
    (waiting_again, 404, links.INVALID, NOT_ITS),
    (used, 410, links.USED, "was used before"),
    (used_and_done, 410, links.USED, "was used before"),
    (forged_after_use, 404, links.INVALID, "its state is scheduled"),
    (expired, 410, links.EXPIRED, "task `wait` has expired"),
    (timed_out, 410, links.EXPIRED, "The time of the link of `flow`"),
    (cleared, 410, links.SUPERSEDED, FORMER),
    (forged_after_clearing, 404, links.INVALID, FORMER),
    *((ended(state), 410, links.ENDED, f"its state is {state}") for state in STATES),
    (ended("failed", forgotten=True), 404, links.INVALID, "its state is failed"),
]
"""What is done, how it is answered, what the page says, and what stands in the console."""
REQUESTS = (("GET", PAGE), ("HEAD", {}), ("GET", {}), ("POST", PAGE), ("POST", {}))


@pytest.mark.parametrize(
    ("attempt", "status", "says", "reason"),
    [pytest.param(*case, id=case[0].__name__) for case in REFUSED],
)
def test_a_link_that_is_no_good_resumes_nothing(
    task: Waiting, attempt: Callable[[Waiting], str], status: int, says: str, reason: str
) -> None:
    token = attempt(task)
    before = everything()
    for method, headers in REQUESTS:
        body = {"json": {}} if method == "POST" else {}
        answer = task.http.request(method, task.path(token), headers=headers, **body)
        assert (answer.status_code, says in answer.text) == (status, method != "HEAD")
    assert everything() == before
    wait_for(lambda: any(reason in one for one, _ in recorded()), 10, f"a record of {reason!r}")


def everything() -> list[Any]:
    """Return all tasks as they are, and the uses of links that are on record."""
    with engine().connect() as connection:
        table = TaskInstance.__table__
        tasks = connection.execute(
            select(table.c.id, table.c.state, table.c.next_kwargs).order_by(table.c.id)
        )
        uses = connection.execute(select(Log.id).where(Log.event == links.RESUMED))
        return [*tasks.all(), *uses.all()]


def test_of_many_at_the_same_time_one_counts(task: Waiting) -> None:
    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(lambda number: task.post(json=number).status_code, range(8)))
    assert statuses == [200, *[410] * 7]
    assert task.result in range(8)


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
