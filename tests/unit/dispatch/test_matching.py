"""Events and waiting tasks find each other, whichever is there first, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from hookline import parking
from hookline.database import engine
from hookline.dispatch import batch, matching, parked
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.dispatch.waits import Waits
from hookline.inbox.models import DISPATCHED, HELD, InboxEvent
from hookline.protocol.wait import Wait
from hookline.waiters.models import Waiter
from tests.unit.dispatch import event_dags, parked_tasks
from tests.unit.inbox.events import ARRIVAL, accepted, write

SINCE = ARRIVAL - timedelta(hours=1)


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    event_dags.empty()
    parked_tasks.empty()


@pytest.fixture
def look() -> Callable[[], None]:
    """The server's look for new waits, until nothing is new."""
    waits = Waits(poll=1)

    def until_done() -> None:
        while waits._look():
            pass

    return until_done


def park(map_index: int = -1, **changed: Any) -> UUID:
    fields: dict[str, Any] = {"source": "shop", "since": SINCE, "correlation": "7", **changed}
    wait = Wait(**fields)
    return parked_tasks.park({"id": f"w{map_index}", **wait.to_json()}, map_index=map_index)


def send(*names: str, data: Any = None, correlation: str | None = "7", **changed: Any) -> None:
    def body(name: str) -> str:
        return json.dumps({"id": name, "data": data})

    assert all(
        write([accepted(name, correlation=correlation, **{"body": body(name), **changed})])[0]
        for name in names
    )


def dispatch() -> None:
    router = Router(EventDags())
    while batch.dispatch(router):
        pass


def woken(number: UUID) -> Any:
    """Return the ids of the events that a task was woken with, None if it waits."""
    state, kwargs = parked_tasks.state(number)
    if state == parked_tasks.PARKED:
        return None
    found = parking.events(kwargs["event"], kwargs["hookline_wait"])
    return [event["id"] for event in found] if isinstance(found, list) else found["id"]


def states() -> dict[str, str]:
    with engine().connect() as connection:
        rows = connection.execute(select(InboxEvent.event_id, InboxEvent.state)).all()
        return {row.event_id: row.state for row in rows}


def waiters() -> int:
    with Session(engine()) as session:
        return len(session.scalars(select(Waiter)).all())


@pytest.mark.parametrize("first", ["the wait", "the event"])
def test_whichever_is_first(look: Callable[[], None], first: str) -> None:
    if first == "the wait":
        number = park()
        look()
        send("1")
        dispatch()
    else:
        send("1")
        dispatch()
        assert states() == {"1": HELD}
        number = park()
        look()
    assert woken(number) == "1"
    assert waiters() == 0
    assert states() == {"1": DISPATCHED}


def test_an_event_of_a_dag_wakes_as_well(look: Callable[[], None]) -> None:
    event_dags.write("shop.orders.paid")
    number = park()
    look()
    send("1")
    dispatch()
    assert woken(number) == "1"
    with engine().connect() as connection:
        assert connection.scalar(select(InboxEvent.run_id)) is not None


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "same correlation": ({}, {}, True),
    "another correlation": ({}, {"correlation": "8"}, False),
    "any correlation, with a condition": (
        {"correlation": None, "condition": "amount > `5`"},
        {"correlation": "8", "data": {"amount": 7}},
        True,
    ),
    "received before": ({"since": ARRIVAL + timedelta(seconds=1)}, {}, False),
    "quarantined at the door": ({}, {"quarantine": "unfit"}, False),
}


@pytest.mark.parametrize("late", [True, False], ids=["stored", "arriving"])
@pytest.mark.parametrize("name", CASES)
def test_what_matches(look: Callable[[], None], name: str, late: bool) -> None:
    wait, event, expected = CASES[name]
    steps: list[Callable[[], Any]] = [look, lambda: (send("1", **event), dispatch())]
    number = park(**wait)
    for step in reversed(steps) if late else steps:
        step()
    assert woken(number) == ("1" if expected else None)


@pytest.mark.parametrize("late", [True, False], ids=["stored", "arriving"])
@pytest.mark.parametrize(("shared", "expected"), [(True, ["1", "1"]), (False, ["1", None])])
def test_two_that_wait_for_one_event(
    look: Callable[[], None], late: bool, shared: bool, expected: list[str | None]
) -> None:
    numbers = [park(0, shared=shared), park(1, shared=shared)]
    if not late:
        look()
    send("1")
    dispatch()
    look()
    assert [woken(number) for number in numbers] == expected
    send("2")
    dispatch()
    assert [woken(number) for number in numbers] == [one or "2" for one in expected]


def test_a_task_that_waits_again_may_have_its_own_event_again(look: Callable[[], None]) -> None:
    send("1")
    first = park(shared=False)
    look()
    assert woken(first) == "1"
    parked_tasks.remove(first)
    again = park(shared=False)
    look()
    assert woken(again) == "1"


@pytest.mark.parametrize("other", ["older", "arriving"])
def test_a_task_that_waits_again_takes_no_second_event(look: Callable[[], None], other: str) -> None:
    send("1")
    dispatch()
    first = park(shared=False)
    look()
    assert woken(first) == "1"
    parked_tasks.remove(first)
    again = park(shared=False)
    if other == "older":
        send("2", received_at=ARRIVAL - timedelta(minutes=1))
        dispatch()
    else:
        parked.Parked().look()
        send("2")
        dispatch()
    look()
    assert woken(again) == "1"
    next_one = park(1, shared=False)
    look()
    assert woken(next_one) == "2"


@pytest.mark.parametrize("order", ["waiting", "stored", "both"])
def test_a_count_is_of_different_events(look: Callable[[], None], order: str) -> None:
    before = {"waiting": 0, "stored": 3, "both": 1}[order]
    ids = ["1", "2", "3"]
    send(*ids[:before])
    number = park(count=3)
    look()
    for name in ids[before:]:
        assert woken(number) is None
        send(name)
        assert write([accepted(name, correlation="7")]) == [False]
        dispatch()
    assert woken(number) == ids
    assert waiters() == 0


@pytest.mark.parametrize("late", [True, False], ids=["stored", "arriving"])
def test_a_count_within_a_time(look: Callable[[], None], late: bool) -> None:
    number = park(count=2, within=60.0)
    if not late:
        look()
    for name, minute in {"1": 0, "2": 10, "3": 20, "4": 20.5}.items():
        send(name, received_at=ARRIVAL + timedelta(minutes=minute))
        dispatch()
    look()
    assert woken(number) == ["3", "4"]


@pytest.mark.parametrize(
    "end",
    [
        lambda number: parked_tasks.put(number, state="failed"),
        lambda number: parked_tasks.put(number, state=None, next_method=None, next_kwargs=None),
        lambda number: parked_tasks.put(number, state="scheduled"),
        parked_tasks.remove,
    ],
    ids=["failed", "cleared", "timed out", "deleted"],
)
def test_a_task_that_is_gone_is_forgotten(look: Callable[[], None], end: Callable[[UUID], None]) -> None:
    number = park()
    look()
    assert waiters() == 1
    end(number)
    Waits(poll=1)._look()
    assert waiters() == 0
    send("1")
    dispatch()
    assert states() == {"1": HELD}


def test_an_event_passes_by_a_task_that_is_gone(look: Callable[[], None]) -> None:
    gone, waiting = park(0, shared=False), park(1, shared=False)
    look()
    parked_tasks.put(gone, state="failed")
    send("1")
    dispatch()
    assert woken(waiting) == "1"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"count": 0}, "count"),
        ({"condition": "a["}, "JMESPath"),
        ({"since": "yesterday"}, "cannot be read"),
        ({"surprise": 1}, "cannot be read"),
    ],
    ids=str,
)
def test_a_wait_that_cannot_be_fails_its_task(
    look: Callable[[], None], broken: dict[str, Any], why: str
) -> None:
    wait = Wait("shop", datetime.now(UTC)).to_json()
    number = parked_tasks.park({"id": "w", **wait, **broken})
    look()
    state, kwargs = parked_tasks.state(number)
    assert state == "scheduled"
    assert why in kwargs["event"]["error"]


def test_a_task_that_parks_as_the_server_starts_is_known_at_the_next_look() -> None:
    waits = Waits(poll=1)
    waits._look()
    park()
    waits._look()
    assert waiters() == 1


@pytest.mark.parametrize("by", ["the log", "the tables"])
def test_a_task_that_has_just_parked_is_left_alone(by: str) -> None:
    waits = Waits(poll=1, settling=60)
    if by == "the log":
        waits._look()
    send("1")
    dispatch()
    number = park()
    waits._look()
    assert (waiters(), woken(number)) == (0, None)
    parked_tasks.age(number, timedelta(seconds=61))
    waits._look() if by == "the log" else Waits(poll=1, settling=60)._look()
    assert woken(number) == "1"


def test_a_person_s_task_is_left_alone(look: Callable[[], None]) -> None:
    number = parked_tasks.park(None)
    look()
    assert parked_tasks.state(number)[0] == parked_tasks.PARKED
    assert waiters() == 0


def test_more_than_one_batch_of_waits(look: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked, "AT_ONCE", 10)
    monkeypatch.setattr(matching, "LOOKED_AT", 9)
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    stored = range(4, 15)
    for index in stored:
        send(f"stored {index}", correlation=str(index))
    dispatch()
    numbers = [park(index, correlation=str(index)) for index in range(25)]
    look()
    assert waiters() == 25 - len(stored)
    send("1", correlation="23")
    dispatch()
    expected = {**{index: f"stored {index}" for index in stored}, 23: "1"}
    assert [woken(number) for number in numbers] == [expected.get(index) for index in range(25)]


def test_waits_are_made_known_by_the_batch() -> None:
    """As many statements for 60 as for 3, and few."""
    counts = []
    for start, end in ((0, 3), (3, 63)):
        for index in range(start, end):
            park(index, correlation=str(index))
        waits = Waits(poll=1)
        with counted() as sent:
            waits._look()
        counts.append(len(sent))
        assert waiters() == end
    assert counts[0] == counts[1] < 15


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of a while."""
    sent: list[str] = []

    def keep(_a: Any, _b: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine(), "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(engine(), "before_cursor_execute", keep)
