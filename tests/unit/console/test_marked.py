"""Steps whose webhook is declared outside of code have a mark in what Airflow's Grid and Graph read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.api_fastapi.core_api.services.ui.task_group import task_group_to_dict, task_group_to_dict_grid
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response, StreamingResponse

from hookline import database
from hookline.authoring import StepWebhook, step_webhooks
from hookline.console import marked
from hookline.observe import registry
from hookline.observe.models import Registered
from hookline.steps.declared import MARK
from tests.unit.observe import airflow_rows

GRAPH, GRID = "/ui/structure/structure_data?dag_id=shop", "/ui/grid/structure/shop"
TASKS = {"pack", "parcel.label", "parcel.inner.weigh", "pay"}
CASES: dict[str, tuple[str, str, set[str]]] = {
    "a step": ("pack", "completed", {"pack"}),
    "a step in a group": ("parcel.label", "failed", {"parcel.label"}),
    "a group with the group in it": ("parcel", "completed", {"parcel.label", "parcel.inner.weigh"}),
    "every step of the Dag": ("", "created", TASKS),
    "the Dag's runs": ("", "run_failed", set()),
}


@pytest.fixture
def airflow(metadata: str) -> Iterator[TestClient]:
    """What Airflow's web UI asks, made by its own functions, with the middlewares in its order."""
    airflow_rows.empty()
    with DAG("shop", schedule=None) as dag:
        step_webhooks(EmptyOperator(task_id="ship"), StepWebhook(name="coded", conn_id="erp"))
        EmptyOperator(task_id="pack") >> EmptyOperator(task_id="pay")
        with TaskGroup("parcel"):
            EmptyOperator(task_id="label")
            with TaskGroup("inner"):
                EmptyOperator(task_id="weigh")
    airflow_rows.write(dag)
    with Session(database.engine()) as session:
        stored = registry._latest(session, "shop")
    assert stored is not None
    roots = list(stored.task_group.topological_sort())
    application = FastAPI()
    application.get("/ui/structure/structure_data")(
        lambda: {"nodes": [task_group_to_dict(root) for root in roots], "edges": []}
    )
    application.get("/ui/grid/structure/shop")(lambda: [task_group_to_dict_grid(root) for root in roots])
    application.add_middleware(marked.StepMarks)
    application.add_middleware(GZipMiddleware, minimum_size=10)
    with TestClient(application) as client:
        yield client


def register(step: str, trigger: str, name: str = "w") -> None:
    webhook = StepWebhook(name=name, conn_id="erp", on=trigger)
    with Session(database.engine()) as session, session.begin():
        registry.put(session, webhook, "shop", step, origin="yaml", author=None, now=datetime.now(UTC))


def labels(client: TestClient, path: str) -> Mapping[str, str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
    found: dict[str, str] = {}
    nodes = answer.json()["nodes"] if "structure_data" in path else answer.json()
    while nodes:
        node = nodes.pop()
        found[node["id"]] = node["label"]
        nodes += node.get("children") or []
    return found


@pytest.mark.parametrize("path", [GRAPH, GRID], ids=["graph", "grid"])
@pytest.mark.parametrize(("step", "trigger", "meant"), CASES.values(), ids=CASES)
def test_the_steps_that_are_meant_have_the_mark(
    airflow: TestClient, path: str, step: str, trigger: str, meant: set[str]
) -> None:
    before = labels(airflow, path)
    register(step, trigger)

    after = labels(airflow, path)

    assert {name for name in before if after[name] != before[name]} == meant
    assert all(after[name] == before[name] + MARK for name in meant)
    assert after["ship"] == f"ship{MARK}"


@pytest.mark.parametrize("path", [GRAPH, GRID], ids=["graph", "grid"])
def test_without_our_tables_airflow_s_pages_still_open(airflow: TestClient, path: str) -> None:
    table = Registered.__table__
    table.drop(database.engine())
    try:
        assert labels(airflow, path)["pay"] == "pay"
    finally:
        table.create(database.engine())


def test_another_dag_s_answer_is_not_touched(airflow: TestClient) -> None:
    register("", "completed")
    assert airflow.get("/ui/grid/structure/other").status_code == 404
    assert (
        airflow.get("/ui/structure/structure_data?dag_id=other").json()["nodes"][0]["label"] != f"pack{MARK}"
    )


def test_the_database_is_asked_for_nobody_whom_airflow_has_not_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(marked, "_targets", lambda dag_id: asked.append(dag_id) or set())
    for status, expected in ((401, []), (403, []), (404, []), (200, ["shop"])):
        application = marked.StepMarks(JSONResponse([], status_code=status))
        assert TestClient(application).get(GRID).status_code == status
        assert asked == expected


async def _streamed(parts: int) -> Any:
    for _ in range(parts):
        yield b" " * 1024


ANSWERS: dict[str, tuple[Response, bytes]] = {
    "no JSON": (Response(b"{", media_type="application/json"), b"{"),
    "another shape": (JSONResponse(["x", 1]), b'["x",1]'),
    "a picture": (Response(b"[]", media_type="image/png"), b"[]"),
    "an error": (JSONResponse([], status_code=500), b"[]"),
    "more than is held": (StreamingResponse(_streamed(9), media_type="application/json"), b" " * 9216),
}


@pytest.mark.parametrize(("answer", "body"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_cannot_be_read_goes_out_as_it_is(
    answer: Response, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked, "_targets", lambda dag_id: {"pay"})
    monkeypatch.setattr(marked, "MAX_BYTES", 4096)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": GRID, "query_string": b"", "headers": []}
    asyncio.run(marked.StepMarks(answer)(scope, receive, send))

    assert b"".join(message.get("body", b"") for message in sent) == body
    assert sent[0]["status"] == answer.status_code
    assert json.dumps([name.decode() for name, _ in sent[0]["headers"]]).count("content-length") <= 1
