"""A parked task is woken once, and only with what it waits for, on both databases."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hookline import parking
from hookline.database import engine
from hookline.dispatch import waking
from tests.unit.dispatch import parked_tasks

WAIT = {"id": "one", "kind": "test"}
HOSTILE = '{"__classname__": "os.system", "__version__": 1, "text": "\\u0000 \\ud800"}'


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    parked_tasks.empty()


def wake(number: uuid.UUID, wait_id: str = "one", result: str = "1") -> bool:
    with Session(engine()) as session, session.begin():
        return waking.wake(session, number, wait_id, result)


def test_a_parked_task_goes_on_with_its_result() -> None:
    number = parked_tasks.park(WAIT)
    assert wake(number, result='{"paid": true}')
    state, kwargs = parked_tasks.state(number)
    assert state == "scheduled"
    assert kwargs["hookline_wait"] == WAIT
    assert parking.result(kwargs["event"], "it") == {"paid": True}


def test_it_is_woken_once() -> None:
    number = parked_tasks.park(WAIT)
    assert [wake(number), wake(number)] == [True, False]


def test_what_a_sender_wrote_becomes_no_object() -> None:
    number = parked_tasks.park(WAIT)
    assert wake(number, result=HOSTILE)
    _, kwargs = parked_tasks.state(number)
    assert parking.result(kwargs["event"], "it")["__classname__"] == "os.system"


def test_a_wait_that_cannot_be_ends_with_its_reason() -> None:
    number = parked_tasks.park(WAIT)
    with Session(engine()) as session, session.begin():
        assert waking.refuse(session, number, "one", "No such source.")
    _, kwargs = parked_tasks.state(number)
    with pytest.raises(Exception, match="No such source"):
        parking.result(kwargs["event"], "it")


@pytest.mark.parametrize(
    "changed",
    [
        {"state": None, "next_kwargs": None},
        {"state": "failed"},
        {"state": "running"},
        {"next_kwargs": {"hookline_wait": {"id": "two"}}},
        {"next_kwargs": {"options": ["Approve"]}},
        {"next_kwargs": {"hookline_wait": "one"}},
    ],
    ids=["cleared", "failed", "running", "waits for something else", "a person's", "no wait"],
)
def test_a_task_that_does_not_wait_for_it_is_left_alone(changed: dict[str, Any]) -> None:
    number = parked_tasks.park(WAIT)
    parked_tasks.put(number, **changed)
    before = parked_tasks.state(number)
    assert not wake(number)
    assert parked_tasks.state(number) == before


def test_a_task_that_was_deleted_is_not_woken() -> None:
    assert not wake(uuid.uuid4())


def test_a_rollback_leaves_it_parked() -> None:
    number = parked_tasks.park(WAIT)
    with Session(engine()) as session:
        assert waking.wake(session, number, "one", "1")
        session.rollback()
    assert parked_tasks.state(number)[0] == parked_tasks.PARKED
