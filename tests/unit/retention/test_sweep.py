"""What is old and over goes; what is pending stays, on both databases."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from hookline.cli.clean import clean
from hookline.database import engine
from hookline.db_manager import TABLES
from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import Refusal
from hookline.jobs.models import Job
from hookline.observe.models import OpenRun, Seen
from hookline.outbox.models import Attempt, Delivery
from hookline.retention.rules import KEPT, RULES
from hookline.retention.sweep import sweep

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=100)
BEFORE = NOW - timedelta(days=90)
EVENT: dict[str, Any] = {
    "source": "shop",
    "event_type": "paid",
    "candidates": "[]",
    "run_paused": False,
    "body": "{}",
    "due_at": OLD,
    "attempts": 0,
}
JOB: dict[str, Any] = {
    "source": "shop",
    "event_id": "1",
    "event_type": "paid",
    "kind": "run",
    "attempts": 0,
    "received_at": OLD,
    "due_at": OLD,
    "updated_at": OLD,
}
DELIVERY: dict[str, Any] = {
    "webhook": "w",
    "endpoint": "e",
    "target": "{}",
    "dag_id": "d",
    "run_id": "r",
    "map_index": -1,
    "try_number": 1,
    "transition": "success",
    "payload": "{}",
    "occurred_at": OLD,
    "due_at": OLD,
    "attempts": 0,
    "failures": 0,
}
ATTEMPT: dict[str, Any] = {"started_at": OLD, "seconds": 0.1, "request_headers": "{}"}
REFUSAL = {
    "source": "s",
    "problem": "p",
    "status": 401,
    "reason": "",
    "client": "",
    "request": "{}",
    "times": 1,
}


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> Iterator[None]:
    yield
    with engine().begin() as connection:
        for model in (Attempt, Delivery, Job, InboxEvent, Refusal, Seen, OpenRun):
            connection.execute(delete(model))


def add(model: Any, *rows: dict[str, Any]) -> None:
    with engine().begin() as connection:
        connection.execute(insert(model), list(rows))


def kept(column: Any) -> list[Any]:
    with engine().connect() as connection:
        return list(connection.scalars(select(column).order_by(column)))


def test_every_table_has_a_rule_or_a_reason_to_be_kept() -> None:
    ruled = {rule.model for rule in RULES.values()} | {p.class_ for r in RULES.values() for p in r.parts}

    assert ruled | set(KEPT) == set(TABLES)
    assert not ruled & set(KEPT)


def test_events_that_wait_stay_whatever_their_age() -> None:
    states = ("pending", "held", "dispatched", "quarantined")
    add(InboxEvent, *({**EVENT, "event_id": s, "state": s, "received_at": OLD} for s in states))
    add(InboxEvent, {**EVENT, "event_id": "young", "state": "dispatched", "received_at": NOW})

    assert sum(sweep(RULES["events"], BEFORE, 100)) == 2
    assert kept(InboxEvent.event_id) == ["held", "pending", "young"]


@pytest.mark.parametrize("state", ["pending", "held", "gathering"])
def test_an_event_stays_while_one_of_its_jobs_waits(state: str) -> None:
    add(InboxEvent, {**EVENT, "seq": 5, "event_id": "1", "state": "dispatched", "received_at": OLD})
    add(Job, {**JOB, "event_seq": 5, "target": "d", "state": state, "created_at": OLD})

    assert [sum(sweep(rule, BEFORE, 100)) for rule in RULES.values()] == [0] * len(RULES)
    assert kept(InboxEvent.seq) == [5]


def test_jobs_and_refusals_that_are_over_go() -> None:
    states = ("pending", "held", "gathering", "done", "refused", "cancelled")
    add(Job, *({**JOB, "target": s, "event_seq": 1, "state": s, "created_at": OLD} for s in states))
    add(Refusal, {**REFUSAL, "refused_at": OLD}, {**REFUSAL, "refused_at": NOW})

    assert sum(sweep(RULES["jobs"], BEFORE, 2)) == 3
    assert sum(sweep(RULES["refusals"], BEFORE, 2)) == 1
    assert kept(Job.state) == ["gathering", "held", "pending"]


def test_attempts_go_with_their_delivery_and_no_others() -> None:
    states = ("pending", "held", "delivered", "dead", "cancelled")
    rows = [
        {**DELIVERY, "seq": n, "delivery_id": s, "state": s, "added_at": OLD} for n, s in enumerate(states)
    ]
    add(Delivery, *rows)
    add(Attempt, *({**ATTEMPT, "delivery": number} for number in (0, 0, 2, 3, 3)))

    assert sum(sweep(RULES["deliveries"], BEFORE, 100)) == 3
    assert kept(Delivery.state) == ["held", "pending"]
    assert kept(Attempt.delivery) == [0, 0]


def test_what_is_known_of_a_run_stays_while_it_is_looked_at() -> None:
    row = {"task_id": "t", "map_index": -1, "try_number": 1, "seen_at": OLD}
    add(Seen, *({**row, "run": n, "name": name} for n in (1, 2) for name in ("started", "success")))
    add(OpenRun, {"run": 2, "opened_at": OLD})

    assert sum(sweep(RULES["transitions"], BEFORE, 1)) == 2
    assert kept(Seen.run) == [2, 2]


def test_a_dry_run_counts_and_deletes_nothing() -> None:
    add(
        InboxEvent,
        *({**EVENT, "event_id": str(n), "state": "dispatched", "received_at": OLD} for n in range(25)),
    )

    assert list(sweep(RULES["events"], BEFORE, 10, dry=True)) == [10, 10, 5]
    assert len(kept(InboxEvent.seq)) == 25
    assert list(sweep(RULES["events"], BEFORE, 10)) == [10, 10, 5]
    assert kept(InboxEvent.seq) == []


def test_it_stops_where_rows_are_young() -> None:
    rows = [
        {**EVENT, "seq": n, "event_id": str(n), "state": "dispatched", "received_at": OLD if n < 3 else NOW}
        for n in range(100)
    ]
    add(InboxEvent, *rows)

    assert list(sweep(RULES["events"], BEFORE, 3)) == [3, 0]


def command(**changed: Any) -> Namespace:
    given = {"older_than": 90, "table": None, "batch_size": 1000, "dry_run": False, "yes": True, "verbose": 0}
    return Namespace(**{**given, **changed})


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    add(Refusal, {**REFUSAL, "refused_at": OLD})
    clean(command(dry_run=True, yes=False, table=["refusals"]))
    clean(command(table=["refusals"]))

    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == ["refusals: 1 would be deleted", "refusals: 1 deleted"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"older_than": 0}, "--older-than takes 1 to"),
        ({"batch_size": 0}, "--batch-size takes 1 to"),
        ({"yes": False}, "say --yes"),
    ],
    ids=["no age", "no batch", "nobody to ask"],
)
def test_it_refuses_with_a_sentence(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SystemExit, match=says):
        clean(command(**given))


def test_the_gauges_count_what_waits() -> None:
    from hookline.backlog import look

    minute = NOW - timedelta(minutes=1)
    add(
        InboxEvent,
        *({**EVENT, "event_id": str(n), "state": "pending", "received_at": minute} for n in range(2)),
    )
    add(InboxEvent, {**EVENT, "event_id": "h", "state": "held", "received_at": OLD})
    add(Delivery, {**DELIVERY, "delivery_id": "1", "state": "dead", "added_at": OLD})
    with engine().connect() as connection:
        gauges = look(connection, NOW)

    assert gauges["hookline.events.pending"] == 2
    assert gauges["hookline.events.oldest_pending_seconds"] == pytest.approx(60, abs=1)
    assert (gauges["hookline.events.held"], gauges["hookline.deliveries.dead"]) == (1, 1)
    assert gauges["hookline.deliveries.oldest_pending_seconds"] == 0
