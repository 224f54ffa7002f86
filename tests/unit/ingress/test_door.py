"""Events that do not fit the schema of their Dag, over real HTTP and on both databases."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from hookline.database import engine
from hookline.dispatch import batch, schemas
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.inbox.models import DISPATCHED, PENDING, QUARANTINED, InboxEvent
from hookline.ingress import door
from tests.unit.dispatch import event_dags
from tests.unit.inbox.events import accepted
from tests.unit.ingress.server import Server

SOURCE = {"auth_type": "none", "event_id": "header:X-Id"}
BATCHES = {"auth_type": "none", "batch": "true", "respond": "finished"}
SCHEMA = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number"}, "note": {"type": "string", "pattern": "^(a+)+$"}},
}


@pytest.fixture
def server(metadata: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, extra in {"shop": SOURCE, "waits": SOURCE | {"respond": "finished"}, "lists": BATCHES}.items():
        connection = {"conn_type": "webhook", "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL", "0")
    # A busy machine must not open the door.
    monkeypatch.setattr(door, "LOAD_SECONDS", 60.0)
    monkeypatch.setattr(door, "LONG", (door.LONG[0], 60.0))
    event_dags.empty()
    with Server() as server:
        yield server


def send(server: Server, data: Any, path: str = "shop/paid", event_id: str = "1") -> Any:
    return server.post(path, json.dumps(data).encode(), X_Id=event_id)


def stored() -> list[tuple[str, str | None]]:
    with engine().connect() as connection:
        query = select(InboxEvent.state, InboxEvent.reason).order_by(InboxEvent.seq)
        return [(row.state, row.reason) for row in connection.execute(query)]


def test_what_does_not_fit_is_refused_and_kept(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA)
    answer = send(server, {"total": "s3cret"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    body = answer.json()
    assert body["type"] == "urn:hookline:problem:unprocessable"
    assert body["event_id"] == "1"
    assert body["errors"] == [{"pointer": "/total", "keyword": "type", "message": "must be of type number"}]
    reason = "It does not fit the schema of the Dag `shop.paid`: /total must be of type number"
    assert stored() == [(QUARANTINED, reason)]
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("path", ["shop/other", "shop/any/type"])
def test_what_no_dag_takes_is_accepted(server: Server, path: str) -> None:
    event_dags.write("shop.paid", SCHEMA)
    assert send(server, {"total": "x"}, path).status_code == 202


def test_what_fits_is_accepted(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA)
    assert send(server, {"total": 5}).status_code == 202
    assert stored() == [(PENDING, None)]


@pytest.mark.parametrize("schema", [None, {}], ids=["none", "anything"])
def test_a_dag_without_a_schema_refuses_nothing(server: Server, schema: Any) -> None:
    event_dags.write("shop.paid", schema)
    assert send(server, {"total": "x"}).status_code == 202


def test_the_catch_all_has_a_schema_too(server: Server) -> None:
    event_dags.write("shop", SCHEMA, sample={"total": 1})
    assert send(server, {}, "shop/whatever").status_code == 422


def test_a_paused_dag_has_a_schema_too(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    event_dags.pause("shop.paid")
    assert send(server, {}).status_code == 422


def test_a_request_that_would_wait_is_refused_as_well(server: Server) -> None:
    event_dags.write("waits.paid", SCHEMA, sample={"total": 1})
    assert send(server, {}, "waits/paid").status_code == 422


def test_a_pattern_freezes_nobody(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    began = time.monotonic()
    assert send(server, {"total": 1, "note": "a" * 60 + "!"}).status_code == 202
    assert send(server, {"note": "a" * 60 + "!"}, event_id="2").json()["errors"] == [
        {"pointer": "/total", "keyword": "required", "message": "is missing"}
    ]
    assert time.monotonic() - began < 5


def test_large_data_is_checked_too(server: Server) -> None:
    event_dags.write("shop.paid", {"type": "array", "items": {"type": "integer"}}, sample=[1])
    assert send(server, [1] * 20_000).status_code == 202
    assert send(server, [1] * 20_000 + ["x"], event_id="2").json()["errors"][0]["pointer"] == "/20000"


def test_a_mended_event_may_come_with_the_same_id(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    assert send(server, {}).status_code == 422
    assert send(server, {}).status_code == 422
    answer = send(server, {"total": 5})
    assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
    assert stored() == [(PENDING, None)]
    assert batch.dispatch(Router(EventDags())) == 1
    assert stored() == [(DISPATCHED, None)]
    assert send(server, {"total": 6}).json()["duplicate"] is True
    assert send(server, {}).status_code == 422
    assert stored() == [(DISPATCHED, None)]


def test_nothing_is_refused_by_a_schema_that_was_mended(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    assert send(server, {}).status_code == 422
    event_dags.write("shop.paid", {"type": "object"})
    monkeypatch.setattr(door, "FRESH", 0.0)
    assert send(server, {}, event_id="2").status_code == 202


def test_what_is_not_read_in_time_is_left_to_the_dispatcher(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    monkeypatch.setattr(door, "LOAD_SECONDS", 0.0)
    assert send(server, {}).status_code == 202
    assert batch.dispatch(Router(EventDags())) == 1
    assert [state for state, _ in stored()] == [QUARANTINED]


def test_the_database_is_asked_once_for_many_requests(server: Server) -> None:
    event_dags.write("shop.paid", SCHEMA)
    send(server, {"total": 1})
    asked: list[Any] = []
    inner = server.app.state.door
    load = inner._load
    inner._load = lambda wanted: asked.append(wanted) or load(wanted)
    for number in range(20):
        assert send(server, {"total": number}, event_id=f"n{number}").status_code == 202
    assert asked == []


def test_data_in_object_storage_is_left_to_the_run(metadata: str) -> None:
    event_dags.empty()
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    body = '{"data": {"dataref": "x"}, "hookline": {"dataref": "x"}}'
    events = (accepted("1", candidates=("shop.paid",), body=body),)

    async def check() -> Any:
        guard = door.Door(partial(schemas.load, EventDags()))
        try:
            return await guard.check(events)
        finally:
            guard.close()

    assert asyncio.run(check()) == (events, None)


def test_a_batch_with_one_that_does_not_fit_is_taken_not_at_all(server: Server) -> None:
    event_dags.write("lists.paid", SCHEMA, sample={"total": 1})
    answer = send(server, [{"total": 1}, {"total": "x"}, {"total": 2}], "lists/paid")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/1/total"]
    assert [state for state, _ in stored()] == [QUARANTINED]
    assert send(server, [{"total": 1}, {"total": 3}], "lists/paid").status_code == 202


def test_of_a_batch_only_what_does_not_fit_is_kept(metadata: str) -> None:
    event_dags.empty()
    event_dags.write("shop.paid", SCHEMA, sample={"total": 1})
    bodies = ('{"data": {"total": 1}}', '{"data": {}}', '{"data": {"total": "x"}}')
    events = tuple(
        accepted(str(number), candidates=("shop.paid",), body=body) for number, body in enumerate(bodies)
    )

    async def check() -> Any:
        guard = door.Door(partial(schemas.load, EventDags()))
        try:
            return await guard.check(events), await guard.check(events[:1])
        finally:
            guard.close()

    (kept, refused), taken = asyncio.run(check())
    assert [event.event_id for event in kept] == ["1", "2"]
    assert all(event.quarantine for event in kept)
    assert [error["pointer"] for error in refused.members["errors"]] == ["/1/total", "/2/total"]
    assert taken == (events[:1], None)
