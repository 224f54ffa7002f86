"""The record of jobs, read back on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.models import InboxEvent
from hookline.jobs import store
from hookline.jobs.models import ASSET, DONE, HELD, MANUAL, RUN, Job
from hookline.jobs.store import Filter, NewJob
from tests.unit.inbox.events import ARRIVAL, accepted, write

MADE = datetime(2026, 9, 21, 15, tzinfo=UTC)


def job(target: str = "shop.paid", **changed: Any) -> NewJob:
    fields: dict[str, Any] = {
        "source": "shop",
        "event_id": "1",
        "event_type": "paid",
        "received_at": ARRIVAL,
        "kind": RUN,
        "target": target,
        "dag_id": target,
    }
    return NewJob(**{**fields, **changed})


def add(*jobs: NewJob, now: datetime = MADE) -> list[int]:
    with Session(engine()) as session, session.begin():
        return store.add(session, jobs, now)


def found(limit: int = 50, before: int | None = None, **wanted: Any) -> list[str]:
    with engine().connect() as connection:
        page = store.page(connection, Filter(**wanted), limit=limit, before=before)
        return [row.target for row in page.jobs]


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    with engine().begin() as connection:
        connection.execute(delete(Job))
        connection.execute(delete(InboxEvent))


def test_numbers_are_given_in_the_order_of_the_jobs() -> None:
    numbers = add(*(job(f"dag{number}") for number in range(5)))
    assert numbers == sorted(numbers)
    assert found() == [f"dag{number}" for number in reversed(range(5))]


CASES: dict[str, tuple[dict[str, Any], NewJob]] = {
    "source": ({"source": "git"}, job("x", source="git")),
    "type": ({"event_type": "push"}, job("x", event_type="push")),
    "state": ({"state": HELD}, job("x", state=HELD)),
    "done": ({"state": DONE}, job("x", state=DONE)),
    "dag": ({"dag_id": "x"}, job("x")),
    "no dag": ({"kind": ASSET}, job("x", kind=ASSET, dag_id=None)),
    "kind": ({"kind": MANUAL}, job("x", kind=MANUAL)),
    "run": ({"run_id": "r"}, job("x", run_id="r")),
    "event": ({"event_id": "e"}, job("x", event_id="e")),
    "Dags that may be read": ({"dags": ["x", "y"]}, job("x")),
    "text in the body of its own": ({"text": "ünly"}, job("x", body='{"data": "ünly here"}')),
    "text in the reason": ({"text": "100%"}, job("x", reason="100% full")),
    "text in the run id": ({"text": "_b_"}, job("x", run_id="a_b_c")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_filter_finds_what_it_says(name: str) -> None:
    wanted, one = CASES[name]
    add(job("other", run_id="axbxc", reason="1000 full"), one, job("another"))
    assert found(**wanted) == ["x"]


def test_text_is_looked_for_in_the_inbox() -> None:
    assert write([accepted("1", body='{"data": {"city": "Uløya"}}'), accepted("2")]) == [True, True]
    with engine().connect() as connection:
        rows = connection.execute(select(InboxEvent.event_id, InboxEvent.seq))
        seqs = {name: seq for name, seq in rows}  # noqa: C416  rows are no pairs to mypy
    add(job("x", event_seq=seqs["1"]), job("y", event_seq=seqs["2"]))
    assert found(text="Uløya") == ["x"]


def test_pages_join_without_gap_or_overlap() -> None:
    add(*(job(f"dag{number}", event_type="ab"[number % 2]) for number in range(10)))
    seen, before = [], None
    with engine().connect() as connection:
        while True:
            page = store.page(connection, Filter(event_type="a"), limit=2, before=before)
            seen += [row.target for row in page.jobs]
            before = page.before
            if before is None:
                break
    assert seen == ["dag8", "dag6", "dag4", "dag2", "dag0"]


def test_a_search_for_text_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEARCHED", 4)
    numbers = add(job("old", reason="needle"), *(job(f"dag{number}") for number in range(5)))
    with engine().connect() as connection:
        first = store.page(connection, Filter(text="needle"), limit=3)
        assert (list(first.jobs), first.before) == ([], numbers[2])
        second = store.page(connection, Filter(text="needle"), limit=3, before=first.before)
        assert ([row.target for row in second.jobs], second.before) == (["old"], None)


def test_time_is_that_of_the_record() -> None:
    for hours in range(10):
        add(job(f"hour{hours}"), now=MADE + timedelta(hours=hours))
    window = {"since": MADE + timedelta(hours=3), "until": MADE + timedelta(hours=5)}
    assert found(**window) == ["hour4", "hour3"]
    assert found(since=MADE + timedelta(hours=9)) == ["hour9"]
    assert found(until=MADE) == []


def test_a_clock_that_is_behind_hides_nothing() -> None:
    add(job("ahead"), now=MADE + timedelta(minutes=50))
    add(job("behind"), now=MADE)
    assert found(since=MADE + timedelta(minutes=30)) == ["ahead"]
    assert found(until=MADE + timedelta(minutes=30)) == ["behind"]


def test_an_event_has_a_target_once() -> None:
    add(job(event_seq=1), job(event_seq=2))
    with pytest.raises(IntegrityError):
        add(job(event_seq=1))
    assert add(job(event_seq=1, origin_seq=1), job(event_seq=1, origin_seq=1))


def test_one_job_is_shown_with_the_data_that_it_carried() -> None:
    assert write([accepted("1")]) == [True]
    with engine().connect() as connection:
        seq = connection.scalar(select(InboxEvent.seq))
    first, edited = add(job(event_seq=seq), job(event_seq=seq, origin_seq=1, body='{"data": 2}'))
    with engine().connect() as connection:
        assert store.get(connection, first).event_body == '{"data": {"é": "☃"}}'
        assert store.get(connection, edited).event_body == '{"data": 2}'
        assert store.get(connection, edited + 1) is None


def test_the_record_outlives_the_inbox() -> None:
    (number,) = add(job(event_seq=77, event_id="gone"))
    with engine().connect() as connection:
        row = store.get(connection, number)
    assert (row.event_id, row.event_body) == ("gone", None)
