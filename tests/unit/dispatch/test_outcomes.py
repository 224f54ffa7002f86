"""What becomes of events, read for many at once, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import Engine, delete, event

from hookline.database import engine
from hookline.dispatch.outcomes import look
from hookline.inbox.models import FAILED, HELD, QUARANTINED
from hookline.protocol import response
from hookline.protocol.outcome import Outcome
from tests.unit.inbox.events import accepted, write
from tests.unit.ingress import runs

SAID = response.compose(201, None, {"ok": True})
CASES = {
    "accepted": Outcome("accepted"),
    "held": Outcome("held"),
    "refused": Outcome("refused"),
    "given up": Outcome("given_up"),
    "queued": Outcome("running"),
    "running": Outcome("running"),
    "success": Outcome("success"),
    "failed": Outcome("failed"),
    "answered": Outcome("running", SAID),
    "answered and failed": Outcome("failed", SAID),
    "answered badly": Outcome("failed"),
}
NOT_FINAL = {"accepted", "queued", "running"}


@pytest.fixture(scope="module", autouse=True)
def _events(metadata: str) -> Iterator[None]:
    runs.empty()
    assert all(write([accepted(name) for name in CASES]))
    runs.settle("held", HELD, reason="no Dag")
    runs.settle("refused", QUARANTINED, reason="refused")
    runs.settle("given up", FAILED, reason="no try left")
    for name, state in {
        "queued": DagRunState.QUEUED,
        "running": DagRunState.RUNNING,
        "success": DagRunState.SUCCESS,
        "failed": DagRunState.FAILED,
        "answered": DagRunState.RUNNING,
        "answered and failed": DagRunState.FAILED,
        "answered badly": DagRunState.RUNNING,
    }.items():
        runs.start(name, state)
    runs.say("answered", response.dump(SAID))
    runs.say("answered and failed", response.dump(SAID))
    runs.say("answered badly", {"status": 101})
    yield
    runs.empty()


@pytest.mark.parametrize("name", CASES)
def test_an_event_is_as_its_row_its_run_and_its_answer_say(name: str) -> None:
    assert look([("shop", name)]) == {("shop", name): CASES[name]}


def test_only_what_is_final_ends_the_waiting() -> None:
    found = look([("shop", name) for name in CASES], True)
    assert {name for _, name in found} == CASES.keys() - NOT_FINAL
    assert all(outcome.final for outcome in found.values())


@pytest.mark.parametrize("key", [("shop", "never sent"), ("other", "held")])
def test_what_is_not_there_is_unknown(key: tuple[str, str]) -> None:
    assert look([key]) == {key: Outcome("unknown")}
    assert look([key], True) == {}


def test_many_are_read_by_one_statement() -> None:
    seen: list[Any] = []

    def count(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", count)
    try:
        found = look([("shop", name) for name in CASES] + [("shop", str(number)) for number in range(900)])
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(seen) == 1
    assert len(found) == 900 + len(CASES)


def test_a_run_that_was_deleted_ends_the_waiting() -> None:
    assert write([accepted("deleted")]) == [True]
    runs.start("deleted")
    with engine().begin() as connection:
        connection.execute(delete(DagRun.__table__).where(DagRun.run_id == runs.run_id_of("deleted")))
    assert look([("shop", "deleted")], True) == {("shop", "deleted"): Outcome("unknown")}
