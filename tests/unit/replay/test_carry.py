"""Replays: planned, started, carried out page by page, cancelled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.models import InboxEvent
from hookline.inbox.search import Filter
from hookline.jobs.models import Job
from hookline.jobs.store import Filter as JobFilter
from hookline.replay import carry, store
from hookline.replay.models import Replay
from hookline.replay.selection import Selection
from hookline.replay.store import Wrong
from tests.unit.dispatch import event_dags
from tests.unit.replay.conftest import DAG, Plan, carried_out, ran, replays_of, state

ALL = Selection(events=Filter(source="shop"))


def test_every_event_gets_one_job_that_names_its_origin(plan: Plan) -> None:
    ran(3)
    replay = plan(ALL)

    assert carried_out() == 1

    jobs = replays_of(replay.seq)
    assert [job.run_id for job in jobs] == [f"webhook__shop__e{n}~r{replay.seq}" for n in (1, 2, 3)]
    assert {(job.state, job.dag_id, job.origin_seq is None) for job in jobs} == {("pending", DAG, False)}
    assert {job.url for job in jobs} == {"/hooks/in/shop"}
    body = jobs[0].body or ""
    assert '"total":1.50' in body.replace(" ", "")
    assert json.loads(body)["hookline"]["replay"] == {"of": "e1", "replay": replay.seq}
    ended = state(replay.seq)
    assert (ended.state, ended.total, ended.done, ended.gone) == ("done", 3, 3, 0)


def test_a_plan_does_nothing(plan: Plan) -> None:
    ran(1)
    replay = plan(ALL, started=False)

    assert carried_out() == 0
    assert state(replay.seq).state == "planned"


def test_what_was_shown_is_what_runs(plan: Plan) -> None:
    ran(2)
    replay = plan(ALL, started=False)
    ran(2)
    with Session(engine()) as session, session.begin():
        with pytest.raises(Wrong, match="showed 2 events, not 4"):
            store.start(session, replay.seq, 4, datetime.now(UTC))
        store.start(session, replay.seq, 2, datetime.now(UTC))
    carried_out()

    assert [job.event_id for job in replays_of(replay.seq)] == ["e1", "e2"]


def test_a_plan_is_started_once_and_within_an_hour(plan: Plan) -> None:
    ran(1)
    number = plan(ALL).seq
    late = plan(ALL, started=False).seq
    with Session(engine()) as session, session.begin():
        with pytest.raises(Wrong, match="is running"):
            store.start(session, number, 1, datetime.now(UTC))
        with pytest.raises(Wrong, match="older than an hour"):
            store.start(session, late, 1, datetime.now(UTC) + timedelta(hours=2))
        with pytest.raises(Wrong, match="no replay"):
            store.start(session, late + 1, 1, datetime.now(UTC))


def test_the_rate_is_kept(plan: Plan) -> None:
    ran(5)
    replay = plan(ALL, rate=2)

    assert carry.go() == 2
    assert carry.go() == 0  # not within the second
    assert len(replays_of(replay.seq)) == 2
    carried_out()
    assert len(replays_of(replay.seq)) == 5


def test_a_cancelled_replay_goes_no_further(plan: Plan) -> None:
    ran(5)
    replay = plan(ALL, rate=2)
    carry.go()
    with Session(engine()) as session, session.begin():
        store.cancel(session, replay.seq, datetime.now(UTC))
    carried_out()

    assert len(replays_of(replay.seq)) == 2
    assert (state(replay.seq).state, state(replay.seq).done) == ("cancelled", 2)


def test_the_replay_of_a_replay_names_the_job_that_it_repeats(plan: Plan) -> None:
    ran(1)
    first = plan(ALL, data='{"total": 2}')
    carried_out()
    [job] = replays_of(first.seq)
    second = plan(Selection(job=job.seq))
    carried_out()

    [again] = replays_of(second.seq)
    assert again.origin_seq == job.seq
    assert json.loads(again.body or "")["data"] == {"total": 2}


def test_many_jobs_of_one_event_are_one_run(plan: Plan) -> None:
    ran(2)
    plan(ALL)
    carried_out()
    replay = plan(Selection(jobs=JobFilter(source="shop")))
    carried_out()

    assert [job.event_id for job in replays_of(replay.seq)] == ["e1", "e2"]


def test_an_event_that_never_ran_runs_as_itself(plan: Plan) -> None:
    ran(1)
    with engine().begin() as connection:
        connection.execute(Job.__table__.delete())
        connection.execute(update(InboxEvent).values(state="held", dag_id=None, run_id=None))
    event_dags.write("shop.order.settled")
    plan(Selection(held=(DAG,), dag_id="shop.order.settled"))
    carried_out()

    with Session(engine()) as session:
        [job] = session.scalars(select(Job)).all()
    assert (job.dag_id, job.origin_seq, job.run_id, job.body) == ("shop.order.settled", None, None, None)


def test_a_held_job_is_released(plan: Plan) -> None:
    ran(1)
    with engine().begin() as connection:
        connection.execute(update(Job).values(state="held", reason="It is paused."))
    plan(ALL)
    carried_out()

    with Session(engine()) as session:
        [job] = session.scalars(select(Job)).all()
    assert (job.state, job.reason, job.origin_seq) == ("pending", None, None)


def test_other_data_take_the_place_of_a_held_job(plan: Plan) -> None:
    ran(1)
    with engine().begin() as connection:
        connection.execute(update(Job).values(state="held"))
    replay = plan(Selection(event=1), data='{"total": 3}')
    carried_out()

    with Session(engine()) as session:
        states = [job.state for job in session.scalars(select(Job).order_by(Job.seq))]
    assert states == ["cancelled", "pending"]
    assert json.loads(replays_of(replay.seq)[0].body or "")["hookline"]["replay"]["edited"] is True


def test_events_that_are_gone_are_counted(plan: Plan) -> None:
    ran(2)
    replay = plan(ALL)
    with engine().begin() as connection:
        connection.execute(InboxEvent.__table__.delete().where(InboxEvent.event_id == "e1"))
    carried_out()

    ended = state(replay.seq)
    assert (ended.state, ended.done, ended.gone) == ("done", 1, 1)


def test_forgotten_plans_are_removed(plan: Plan) -> None:
    ran(1)
    replay = plan(ALL, started=False)
    with engine().begin() as connection:
        connection.execute(update(Replay).values(created_at=datetime.now(UTC) - timedelta(hours=2)))
    carried_out()

    assert state(replay.seq).state == "cancelled"
