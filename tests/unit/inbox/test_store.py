"""Reading and writing the inbox, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox import store
from hookline.inbox.models import DISPATCHED, HELD, PENDING, QUARANTINED, InboxEvent
from tests.unit.inbox.events import ARRIVAL, accepted, write

pytestmark = pytest.mark.usefixtures("inbox")
LATER = ARRIVAL + timedelta(seconds=1)


@contextmanager
def session() -> Iterator[Session]:
    with Session(engine(), expire_on_commit=False) as opened, opened.begin():
        yield opened


def fill(*names: str, **changed: object) -> None:
    assert all(result is True for result in write([accepted(name, **changed) for name in names]))


def states() -> dict[str, str]:
    with session() as opened:
        return {event.event_id: event.state for event in opened.query(InboxEvent)}


def test_an_event_is_read_back_as_it_was_stored() -> None:
    fill("1", run_paused=True)
    with session() as opened:
        [event] = store.claim(opened, LATER, 10)
    assert (event.source, event.event_id, event.event_type) == ("shop", "1", "orders.paid")
    assert json.loads(event.candidates) == ["shop.orders.paid", "shop"]
    assert json.loads(event.body) == {"data": {"é": "☃"}}
    assert (event.received_at, event.due_at) == (ARRIVAL, ARRIVAL)
    assert (event.run_paused, event.state, event.attempts) == (True, PENDING, 0)
    assert (event.reason, event.dag_id, event.run_id) == (None, None, None)


def test_the_oldest_are_claimed_first_and_no_more_than_asked_for() -> None:
    fill("1", "2", "3")
    with session() as opened:
        assert [event.event_id for event in store.claim(opened, LATER, 2)] == ["1", "2"]


def test_only_what_is_due_is_claimed() -> None:
    fill("1", "2")
    with session() as opened:
        [event] = store.claim(opened, LATER, 1)
        store.begin_try(event, LATER)
        store.postpone(event, "busy", LATER, timedelta(seconds=10))
    with session() as opened:
        assert [event.event_id for event in store.claim(opened, LATER, 10)] == ["2"]
    with session() as opened:
        claimed = store.claim(opened, LATER + timedelta(seconds=10), 10)
        assert [(event.event_id, event.attempts, event.reason) for event in claimed] == [
            ("1", 1, "busy"),
            ("2", 0, None),
        ]


def test_what_another_replica_holds_is_left_to_it(inbox: str) -> None:
    if inbox == "sqlite":  # one writer at a time: there is no second replica
        return
    fill("1", "2", "3")
    with session() as one, session() as other:
        assert [event.event_id for event in store.claim(one, LATER, 2)] == ["1", "2"]
        assert [event.event_id for event in store.claim(other, LATER, 2)] == ["3"]


def test_a_duplicate_does_not_wait_for_the_dispatcher(inbox: str) -> None:
    if inbox == "sqlite":  # one writer at a time
        return
    fill("1")
    with session() as dispatcher:
        assert len(store.claim(dispatcher, LATER, 1)) == 1
        assert write([accepted("1"), accepted("2")]) == [False, True]


def test_what_was_quarantined_may_be_sent_again() -> None:
    fill("1", "2", quarantine="it does not fit")
    assert states() == {"1": QUARANTINED, "2": QUARANTINED}
    again = [accepted("1", body='{"data": 2}'), accepted("2", quarantine="still not"), accepted("3")]
    assert write(again) == [True, False, True]
    assert states() == {"1": PENDING, "2": QUARANTINED, "3": PENDING}
    with session() as opened:
        [event, _] = store.claim(opened, LATER, 10)
    assert (event.event_id, event.body, event.reason) == ("1", '{"data": 2}', None)
    assert write([accepted("1", body='{"data": 3}')]) == [False]


def test_whether_anything_waits() -> None:
    def waits() -> bool:
        with engine().connect() as connection:
            return store.has_pending(connection, LATER)

    assert not waits()
    fill("1")
    assert waits()
    with session() as opened:
        store.dispatched(store.claim(opened, LATER, 1)[0], "shop", "run")
    assert not waits()


def test_each_end_of_an_event_is_recorded() -> None:
    fill("1", "2", "3")
    with session() as opened:
        one, two, three = store.claim(opened, LATER, 3)
        store.dispatched(one, "shop", "webhook__shop__1")
        store.hold(two, "no Dag")
        store.quarantine(three, "refused")
    with session() as opened:
        one, two, three = opened.query(InboxEvent).order_by(InboxEvent.seq)
    assert (one.state, one.dag_id, one.run_id, one.reason) == (DISPATCHED, "shop", "webhook__shop__1", None)
    assert (two.state, two.reason) == (HELD, "no Dag")
    assert (three.state, three.reason) == (QUARANTINED, "refused")


def hold_all() -> None:
    with session() as opened:
        for event in store.claim(opened, LATER, 100):
            store.hold(event, "no Dag")


def test_the_kinds_of_held_events_are_listed_once_each() -> None:
    fill("1", "2", candidates=("a.b", "a"))
    fill("3", candidates=("a.c", "a"))
    hold_all()
    fill("4", candidates=("not.held",))
    with engine().connect() as connection:
        assert store.held_candidates(connection) == [("a.b", "a"), ("a.c", "a")]


def test_without_held_events_there_are_no_kinds() -> None:
    fill("1")
    with engine().connect() as connection:
        assert store.held_candidates(connection) == []


def test_the_oldest_held_events_of_a_kind_are_released() -> None:
    fill("1", "2", "3", candidates=("a.b", "a"))
    fill("4", candidates=("a.c", "a"))
    hold_all()
    with session() as opened:
        assert store.release(opened, ("a.b", "a"), LATER, limit=2, only_run_paused=False) == 2
    assert states() == {"1": PENDING, "2": PENDING, "3": HELD, "4": HELD}
    with session() as opened:
        assert {event.reason for event in store.claim(opened, LATER, 10)} == {None}


def test_while_the_dag_is_paused_only_events_that_may_queue_are_released() -> None:
    fill("1", candidates=("a",))
    fill("2", candidates=("a",), run_paused=True)
    hold_all()
    with session() as opened:
        assert store.release(opened, ("a",), LATER, limit=10, only_run_paused=True) == 1
    assert states() == {"1": HELD, "2": PENDING}


def test_nothing_held_is_nothing_released() -> None:
    with session() as opened:
        assert store.release(opened, ("a",), LATER, limit=10, only_run_paused=False) == 0


def test_recent_events_are_listed_newest_first_without_their_bodies() -> None:
    fill("1", "2")
    fill("3", source="github")
    with engine().connect() as connection:
        rows = store.recent(connection, limit=2)
        assert [row.event_id for row in rows] == ["3", "2"]
        assert not hasattr(rows[0], "body")
        assert [row.event_id for row in store.recent(connection, limit=9, source="shop")] == ["2", "1"]
        assert store.recent(connection, limit=9, state=HELD) == []


def test_events_are_found_by_their_id_whatever_their_source() -> None:
    fill("1")
    fill("1", source="github")
    with engine().connect() as connection:
        assert [row.source for row in store.by_id(connection, "1")] == ["github", "shop"]
        assert store.by_id(connection, "2") == []


def test_what_wants_attention_is_counted() -> None:
    fill("1", "2", "3")
    with session() as opened:
        one, _, three = store.claim(opened, LATER, 3)
        store.dispatched(one, "shop", "run")
        store.quarantine(three, "refused")
    with engine().connect() as connection:
        assert store.counts(connection) == {PENDING: 1, QUARANTINED: 1}
