"""Gathered events become the runs that the author asked for, whatever ends in between."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import timezone
from airflow.utils.state import DagRunState
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from hookline.database import engine
from hookline.dispatch import batch as events
from hookline.dispatch import gather, pending, quiet
from hookline.inbox.models import InboxEvent
from hookline.jobs.models import Job
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import (
    Dispatching,
    carried,
    count_runs,
    delete_runs,
    end_runs,
    event,
    job,
    jobs,
    later,
    runs,
    send,
)

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
MINUTE = timedelta(minutes=1)
MANY = 100
SLOWER = timedelta(seconds=10)
"""What a second of the table is here: a test that is slow in between is not to change the runs."""
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "gathering.json").read_text())
TABLE = [
    pytest.param(case, id=f"{how}: {case['name']}") for how in ("batch", "debounce") for case in VECTORS[how]
]
BATCH: dict[str, Any] = {"batch": 3, "within": MINUTE}


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Dispatching:
    event_dags.empty()
    return Dispatching()


def states() -> list[str]:
    return [state for _, _, state in jobs()]


def test_a_batch_is_one_run_with_all_its_events(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", **BATCH)
    for number in range(4):
        send(str(number), {"n": number})
    dispatcher.all()
    (run,) = runs()
    assert [one["data"]["n"] for one in run.conf["data"]] == [0, 1, 2]
    assert (run.conf["datacontenttype"], run.conf["id"], run.conf["hookline"]) == (
        "application/cloudevents-batch+json",
        run.run_id,
        {"events": 3},
    )
    assert run.run_id == f"webhook__job-{job('2').seq}"
    assert states() == ["done"] * 3 + ["gathering"]
    assert {job(str(number)).run_id for number in range(3)} == {run.run_id}
    assert [event(str(number)).run_id for number in range(4)] == [run.run_id] * 3 + [None]


def test_a_batch_that_is_not_full_goes_when_its_time_is_over(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", **BATCH)
    send("1")
    dispatcher.all()
    assert carried() == []
    later(61)
    dispatcher.all()
    assert carried() == [["1"]]


def test_batches_of_a_key_are_their_own(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", batch=2, within=MINUTE, key="data.customer")
    for number, customer in enumerate("abab"):
        send(str(number), {"customer": customer})
    dispatcher.all()
    assert sorted(carried()) == [["0", "2"], ["1", "3"]]


@pytest.mark.parametrize("case", TABLE)
def test_the_runs_are_those_of_the_written_table(dispatcher: Dispatching, case: dict[str, Any]) -> None:
    durations = {name: case[name] * SLOWER for name in ("within", "debounce") if name in case}
    options = durations | {name: case[name] for name in ("batch",) if name in case}
    event_dags.write("shop.paid", **options)
    looked_at = timezone.utcnow() - case["now"] * SLOWER
    padding = "x" * (case.get("size", 100) - 100)
    for moment in case["arrivals"]:
        send(str(moment), padding, arrived=looked_at + moment * SLOWER)
    dispatcher.all()
    runs = [[str(moment) for moment in run] for run in case["runs"]]
    assert carried() == (runs if "batch" in case else [run[-1] for run in runs])
    assert states().count("done") == sum(map(len, runs))
    assert states().count("gathering") == len(case["arrivals"]) - sum(map(len, runs))


def test_one_that_airflow_refuses_leaves_its_batch(dispatcher: Dispatching) -> None:
    schema = {"type": "object", "required": ["n"]}
    event_dags.write("shop.paid", schema, sample={"n": 1}, **BATCH)
    send("1", {"n": 1})
    send("2", {})
    send("3", {"n": 3})
    dispatcher.all()
    assert carried() == [["1", "3"]]
    assert states() == ["done", "refused", "done"]
    assert (event("2").state, event("3").state) == ("quarantined", "dispatched")


def test_the_last_of_a_key_wins(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", debounce=MINUTE, key="data.id")
    send("1", {"id": "a"})
    send("2", {"id": "b"})
    send("3", {"id": "a"})
    send("4", {})
    dispatcher.all()
    assert carried() == ["4"]
    later(61)
    dispatcher.all()
    assert sorted(carried()) == ["2", "3", "4"]
    assert job("1").state == "done"
    assert job("1").run_id == job("3").run_id
    assert job("1").reason == f"Job {job('3').seq} was later and took its place."


@pytest.fixture
def flood(dispatcher: Dispatching, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a key more events than are looked at for its run, all of one quiet time."""
    monkeypatch.setattr(quiet, "MAX_BATCH", 4)
    monkeypatch.setattr(quiet, "AT_ONCE", 3)
    event_dags.write("shop.paid", SCHEMA, sample={"n": 1}, debounce=MINUTE, key="data.id")
    ids = [str(number) for number in range(10)]
    for one in ids:
        send(one, {"id": "a", "n": "no number" if one == ids[-1] else 1})
    dispatcher.all()
    later(61)
    return ids


def test_of_however_many_events_the_last_that_fits_runs_and_no_other(
    dispatcher: Dispatching, flood: list[str]
) -> None:
    *_, last, refused = flood
    dispatcher.all()
    assert carried() == [last]
    assert (job(refused).state, event(refused).state) == ("refused", "quarantined")
    others = [job(one) for one in flood[:-1]]
    assert {(one.state, one.run_id) for one in others} == {("done", runs()[0].run_id)}
    assert {one.reason for one in others[:-1]} == {f"Job {job(last).seq} was later and took its place."}
    assert event_states() == {("dispatched", runs()[0].run_id), ("quarantined", None)}


def test_while_its_dag_is_paused_a_flood_is_held_and_stays_one(
    dispatcher: Dispatching, flood: list[str]
) -> None:
    gather.close(dispatcher.dags)
    event_dags.pause("shop.paid")
    dispatcher.all()
    assert set(states()) == {"held"}
    event_dags.set_paused("shop.paid", False)
    while dispatcher.release():
        pass
    later(61)
    dispatcher.all()
    assert carried() == [flood[-2]]


def event_states() -> set[tuple[str, str | None]]:
    with engine().connect() as connection:
        rows = connection.execute(select(InboxEvent.state, InboxEvent.run_id).distinct())
        return {(row.state, row.run_id) for row in rows}


def test_one_at_a_time_for_each_key(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="subject")
    for number in range(6):
        send(str(number), event={"subject": "ab"[number % 2]})
    dispatcher.all()
    assert carried() == ["0", "1"]
    dispatcher.all()
    assert carried() == ["0", "1"]
    end_runs(DagRunState.FAILED, only=[runs()[0].run_id])
    dispatcher.all()
    assert carried() == ["0", "1", "2"]
    end_runs()
    dispatcher.all()
    assert carried() == ["0", "1", "2", "3", "4"]
    delete_runs()
    dispatcher.all()
    assert carried() == ["5"]


def test_those_of_one_subject_run_in_order(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="subject")
    for number in range(MANY):
        send(str(number), event={"subject": "one"})
    for made in range(1, MANY + 1):
        dispatcher.all()
        assert count_runs() == made
        end_runs()
    assert carried() == [str(number) for number in range(MANY)]


def test_subjects_run_beside_each_other(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="subject")
    for number in range(MANY):
        send(str(number), event={"subject": f"subject {number}"})
    dispatcher.all()
    assert count_runs() == MANY


def test_who_is_refused_lets_the_next_go_on(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", {"type": "object", "required": ["n"]}, sample={"n": 1}, order="subject")
    send("1", {}, event={"subject": "a"})
    send("2", {"n": 2}, event={"subject": "a"})
    dispatcher.all()
    dispatcher.all()
    assert states() == ["refused", "done"]


def test_nobody_overtakes_an_event_that_is_not_decided_yet(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", order="subject")
    send("1", event={"subject": "a"})
    send("2", event={"subject": "a"})
    set_due("1", timezone.utcnow() + MINUTE)
    dispatcher.all()
    assert carried() == []
    set_due("1", timezone.utcnow())
    dispatcher.all()
    assert carried() == ["1"]


def set_due(event_id: str, due: Any) -> None:
    with engine().begin() as connection:
        connection.execute(update(InboxEvent).where(InboxEvent.event_id == event_id).values(due_at=due))


def test_while_its_dag_is_paused_what_is_gathered_is_held_and_stays_in_order(
    dispatcher: Dispatching,
) -> None:
    event_dags.write("shop.paid", order="subject")
    send("1", event={"subject": "a"})
    dispatcher.all()
    send("2", event={"subject": "a"})
    dispatcher.all()
    event_dags.pause("shop.paid")
    send("3", event={"subject": "a"})
    end_runs()
    dispatcher.all()
    assert states() == ["done", "held", "held"]
    event_dags.set_paused("shop.paid", False)
    dispatcher.release()
    dispatcher.all()
    assert carried() == ["1", "2"]
    end_runs()
    dispatcher.all()
    assert carried() == ["1", "2", "3"]


def test_a_dag_that_gathers_no_more_lets_all_go(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", **BATCH)
    send("1")
    send("2")
    dispatcher.all()
    event_dags.write("shop.paid")
    later(61)
    dispatcher.notice()
    dispatcher.all()
    assert carried() == ["1", "2"]


@pytest.mark.parametrize("step", ["after the events", "after the gathering", "after the count of the try"])
def test_a_dispatcher_that_dies_in_between_makes_the_same_runs(
    dispatcher: Dispatching, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_dags.write("shop.paid", **BATCH)
    for number in range(3):
        send(str(number))
    events.dispatch(dispatcher.router)
    if step != "after the events":
        gather.close(dispatcher.dags, dispatcher.router.touched)
    if step == "after the count of the try":
        monkeypatch.setattr(pending.queue, "lock", lambda *_: [])
        pending.go(dispatcher.dags, dispatcher.router.runs)
        monkeypatch.undo()
    later(61)  # another one comes; it knows nothing of what was touched
    Dispatching().all()
    assert carried() == [["0", "1", "2"]]


def test_a_batch_that_ends_its_process_has_failed_after_some_tries(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", **BATCH)
    for number in range(3):
        send(str(number))
    events.dispatch(dispatcher.router)
    gather.close(dispatcher.dags, dispatcher.router.touched)
    with engine().begin() as connection:
        connection.execute(update(Job).values(attempts=5))
    for _ in range(3):
        pending.go(dispatcher.dags, dispatcher.router.runs)
    assert states() == ["failed"] * 3
    assert {event(str(number)).state for number in range(3)} == {"failed"}
    assert runs() == []


def close_one_batch(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid", **BATCH)
    for number in range(3):
        send(str(number))
    events.dispatch(dispatcher.router)
    gather.close(dispatcher.dags, dispatcher.router.touched)


def test_a_batch_of_which_somebody_holds_one_waits_for_it(
    dispatcher: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_one_batch(dispatcher)
    lock = pending.queue.lock
    monkeypatch.setattr(pending.queue, "lock", lambda *arguments: lock(*arguments)[:2])
    pending.go(dispatcher.dags, dispatcher.router.runs)
    assert runs() == []
    monkeypatch.undo()
    later(5)
    Dispatching().all()
    assert carried() == [["0", "1", "2"]]


def test_a_database_that_is_away_uses_up_no_try_of_a_job(
    dispatcher: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_one_batch(dispatcher)

    def away(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(pending.queue, "bodies", away)
    for _ in range(6):
        with pytest.raises(OperationalError):
            pending.go(dispatcher.dags, dispatcher.router.runs)
    assert (job("0").attempts, job("0").state) == (0, "pending")
