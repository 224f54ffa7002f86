"""Adding, looking, replaying and cancelling, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline import database
from hookline.outbox import reading, store
from hookline.outbox.message import Endpoint
from hookline.outbox.models import CANCELLED, DEAD, DELIVERED, HELD, PENDING, Delivery
from hookline.outbox.reading import Filter
from tests.unit.outbox.messages import NOW, message

pytestmark = pytest.mark.usefixtures("outbox")


def inside(work: Callable[[Session], Any]) -> Any:
    with Session(database.engine()) as session, session.begin():
        return work(session)


def add(*messages: Any) -> int:
    return int(inside(lambda session: store.add(session, messages)))


def page(only: Filter | None = None, **arguments: Any) -> list[str]:
    rows = inside(lambda session: reading.page(session, only or Filter(), **arguments))
    return [row.delivery_id for row in rows]


def put(message: Any, state: str) -> int:
    where = Delivery.delivery_id == message.delivery_id
    inside(lambda session: session.execute(update(Delivery).where(where).values(state=state)))
    return int(inside(lambda session: reading.find(session, message.delivery_id)).seq)


def test_a_known_delivery_id_is_left_out() -> None:
    assert add(message(1), message(2)) == 2
    assert add(message(2), message(3), message(3)) == 1
    assert len(page()) == 3


def test_many_messages_are_added_at_once() -> None:
    assert add(*(message(number) for number in range(1201))) == 1201


def test_nothing_to_add_is_nothing_added() -> None:
    assert add() == 0


def test_a_message_is_kept_as_it_was_given() -> None:
    text = {"text": "\u0000 \ud83d ü 💌", "number": float("nan")}
    add(message(1, payload=text, endpoint=Endpoint(conn_id="crm", path="/a", headers={"X-A": "1"})))
    row = inside(lambda session: reading.find(session, "msg_00000001"))
    assert json.loads(row.payload) == {**text, "number": None}
    assert Endpoint(**json.loads(row.target)).headers == {"X-A": "1"}
    assert (row.state, row.attempts, row.occurred_at, row.task_id) == (PENDING, 0, NOW, "pay")


def test_endpoints_are_listed_by_key() -> None:
    paths = ["/b", "/a", "/c", "/a"]
    add(*(message(n, endpoint=Endpoint(conn_id="crm", path=path)) for n, path in enumerate(paths)))
    first = inside(lambda session: reading.endpoints(session, limit=2))
    second = inside(lambda session: reading.endpoints(session, after=first[-1].key, limit=2))
    assert [row.key for row in (*first, *second)] == ["crm /a", "crm /b", "crm /c"]
    assert {row.state for row in first} == {"closed"}


def test_pages_go_from_the_newest_to_the_oldest() -> None:
    add(*(message(number) for number in range(5)))
    rows = inside(lambda session: reading.page(session, Filter(), limit=3))
    rest = page(before=rows[-1].seq, limit=3)
    assert [row.delivery_id[-1] for row in rows] == ["4", "3", "2"]
    assert [number[-1] for number in rest] == ["1", "0"]


@pytest.mark.parametrize(
    "only",
    [
        Filter(dag_id="shop.order", run_id="manual__2"),
        Filter(task_id="ship"),
        Filter(webhook="shipments"),
        Filter(endpoint="erp /"),
        Filter(state=DEAD),
    ],
    ids=["run", "task", "webhook", "endpoint", "state"],
)
def test_a_filter_finds_what_it_names(only: Filter) -> None:
    add(
        message(1),
        message(2, run_id="manual__2", task_id="ship", webhook="shipments", endpoint=Endpoint(conn_id="erp")),
    )
    put(message(2), DEAD)
    assert page(only) == ["msg_00000002"]
    assert inside(reading.counts) == {PENDING: 1, DEAD: 1, HELD: 0, CANCELLED: 0}


@pytest.mark.parametrize(
    ("state", "replayed", "cancelled"),
    [(PENDING, 0, 1), (DELIVERED, 1, 0), (DEAD, 1, 0), (HELD, 1, 1), (CANCELLED, 1, 0)],
)
def test_what_a_person_may_do_depends_on_the_state(state: str, replayed: int, cancelled: int) -> None:
    for action, count, after in (
        (store.replay, replayed, PENDING),
        (store.cancel, cancelled, CANCELLED),
    ):
        add(message(1))
        seq = put(message(1), state)
        assert inside(lambda session, act=action, one=seq: act(session, [one], NOW)) == count
        assert page(Filter(state=after if count else state)) == ["msg_00000001"]
