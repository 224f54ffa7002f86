"""Assets that watch a source get one asset event for each event, without a triggerer, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.models.asset import (
    AssetActive,
    AssetDagRunQueue,
    AssetEvent,
    AssetModel,
    AssetWatcherModel,
    DagScheduleAssetNameReference,
    DagScheduleAssetReference,
    DagScheduleAssetUriReference,
)
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.trigger import Trigger
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import batch
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.inbox.models import DISPATCHED, HELD, QUARANTINED, InboxEvent
from hookline.triggers.webhook import WebhookEventTrigger
from tests.unit.dispatch import event_dags
from tests.unit.inbox.events import accepted, write

TABLES = (
    AssetDagRunQueue, AssetEvent, AssetWatcherModel, AssetActive, DagScheduleAssetReference,
    DagScheduleAssetNameReference, DagScheduleAssetUriReference, AssetModel, Trigger, DagModel,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    event_dags.empty()
    with Session(engine()) as session, session.begin():
        for table in TABLES:
            session.execute(delete(table))


def watch(name: str, *, active: bool = True, **asked: Any) -> None:
    """Put an asset with a watcher into the database, as the dag-processor does."""
    path, arguments = WebhookEventTrigger(**{"source": "shop", **asked}).serialize()
    with Session(engine()) as session, session.begin():
        asset = AssetModel(name=name, uri=f"x://{name}", group="asset")
        trigger = Trigger(classpath=path, kwargs=arguments)
        session.add_all([asset, trigger])
        session.flush()
        session.add(AssetWatcherModel(name="w", asset_id=asset.id, trigger_id=trigger.id))
        if active:
            session.add(AssetActive(name=name, uri=f"x://{name}"))


def send(event_id: str, data: Any = None, **changed: Any) -> None:
    body = json.dumps({"id": event_id, "data": data, "subject": "order 7"})
    assert write([accepted(event_id, **{"body": body, **changed})]) == [True]
    router = Router(EventDags())
    while batch.dispatch(router):
        pass


def schedule(asset: str, by: str, *, partitioned: bool, paused: bool = False) -> None:
    """Put a Dag into the database that is scheduled on an asset, named in one of Airflow's three ways."""
    dag_id = f"{by}-{partitioned}-{paused}"
    with Session(engine()) as session, session.begin():
        number = session.scalar(select(AssetModel.id).where(AssetModel.name == asset))
        if session.get(DagBundleModel, "tests") is None:
            session.add(DagBundleModel(name="tests"))
            session.flush()
        dag = DagModel(dag_id=dag_id, bundle_name="tests", is_stale=False, is_paused=paused)
        dag.timetable_partitioned = partitioned
        session.add(dag)
        session.flush()
        session.add(
            {
                "asset": DagScheduleAssetReference(dag_id=dag_id, asset_id=number),
                "name": DagScheduleAssetNameReference(dag_id=dag_id, name=asset),
                "uri": DagScheduleAssetUriReference(dag_id=dag_id, uri=f"x://{asset}"),
            }[by]
        )


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"id": "1"}, "neither a `subject` nor"),
        (
            {"id": "1", "subject": " ", "hookline": {"correlation": ""}},
            "neither a `subject` nor",
        ),
        ({"id": "1", "subject": "x" * 251}, "more than 250 characters"),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["asset", "name", "uri"])
def test_partitioned_dags_need_a_key(by: str, event: dict[str, Any], reason: str) -> None:
    watch("a")
    schedule("a", by, partitioned=True)
    send("1", body=json.dumps(event))
    assert updates() == []
    with engine().connect() as connection:
        row = connection.execute(select(InboxEvent.state, InboxEvent.reason)).one()
    assert row.state == QUARANTINED
    assert reason in row.reason


@pytest.mark.parametrize(
    ("partitioned", "key"),
    [({"partitioned": False}, None), ({"partitioned": True, "paused": True}, None)],
    ids=["the usual kind", "paused"],
)
def test_no_key_where_no_partitioned_dag_runs(partitioned: dict[str, bool], key: None) -> None:
    watch("a")
    schedule("a", "asset", **partitioned)
    send("1")
    with Session(engine()) as session:
        assert session.scalars(select(AssetEvent.partition_key)).all() == [key]


def updates() -> list[tuple[str, str]]:
    with Session(engine()) as session:
        query = select(AssetModel.name, AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        rows = session.execute(query.order_by(AssetModel.name, AssetEvent.id)).all()
        assert all(event.extra["from_trigger"] for _, event in rows)
        return [(name, event.extra["payload"]["id"]) for name, event in rows]


def state(event_id: str) -> str:
    with engine().connect() as connection:
        query = select(InboxEvent.state).where(InboxEvent.event_id == event_id)
        return str(connection.scalar(query))


def test_one_event_is_one_asset_event() -> None:
    watch("a")
    watch("b", event_type="orders.*")
    for name in ("1", "2"):
        send(name)
    assert updates() == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    assert state("1") == DISPATCHED


@pytest.mark.parametrize(
    "asked",
    [
        {"source": "till"},
        {"event_type": "orders.sent"},
        {"condition": "amount > `5`"},
        {"active": False},
    ],
    ids=str,
)
def test_what_nobody_watches_is_held(asked: dict[str, Any]) -> None:
    watch("a", **asked)
    send("1", {"amount": 3})
    assert updates() == []
    assert state("1") == HELD


def test_a_condition_that_is_true() -> None:
    watch("a", condition="amount > `5`")
    send("1", {"amount": 7})
    assert updates() == [("a", "1")]


def test_a_watcher_that_cannot_be_read_stops_nobody() -> None:
    watch("a")
    watch("b")
    with Session(engine()) as session, session.begin():
        broken = session.scalars(select(Trigger).order_by(Trigger.id)).first()
        assert broken is not None
        broken.encrypted_kwargs = "not encrypted with this key"
    send("1")
    assert updates() == [("b", "1")]
