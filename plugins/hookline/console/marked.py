"""The mark in Grid and Graph of steps whose webhook no Dag's file declares.

What is declared in code marks its steps by their display names. Of the others only the server knows, so the
names are completed in what Airflow answers its own web UI
(``airflow/api_fastapi/core_api/routes/ui/grid.py`` and ``structure.py``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import structlog
from sqlalchemy import select
from starlette._utils import get_route_path
from starlette.concurrency import run_in_threadpool

from hookline.database import autocommit
from hookline.observe.models import Registered
from hookline.steps.declared import MARK
from hookline.steps.transition import OF_STEPS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

GRID = "/ui/grid/structure/"
GRAPH = "/ui/structure/structure_data"
MAX_BYTES = 8 * 1024 * 1024
"""A longer answer goes out as it is."""


class StepMarks:
    """Root middleware of a plugin (ASGI 3.0); whatever fails here, Airflow's own answer is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        dag_id = _dag_id(scope)
        await self._app(scope, receive, _Answer(send, dag_id).send if dag_id else send)


class _Answer:
    """Holds an answer back until it is whole, where it has something to mark."""

    def __init__(self, send: Send, dag_id: str) -> None:
        self._send = send
        self._dag_id = dag_id
        self._targets: Collection[str] = ()
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        # Airflow has let them in and found the Dag: nobody else makes the database work.
        if message["type"] == "http.response.start" and _is_plain_json(message):
            self._targets = await run_in_threadpool(_targets, self._dag_id)
            self._start = message if self._targets else None
        if self._start is message:
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            await self._collect(self._start, message)

    async def _collect(self, start: Message, message: Message) -> None:
        self._body += message.get("body", b"")
        more = message.get("more_body", False)
        if more and len(self._body) <= MAX_BYTES:
            return
        self._start = None
        body = bytes(self._body) if more else _marked(bytes(self._body), self._targets)
        length = [(b"content-length", str(len(body)).encode())] if not more else []
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        await self._send({**start, "headers": [*headers, *length]})
        await self._send({**message, "body": body})


def mark(nodes: Iterable[dict[str, Any]], targets: Collection[str], *, within: bool = False) -> None:
    """Append the mark to the labels of tasks, in place.

    :param nodes: as Airflow's web UI reads them: ``id``, ``label``, and ``children`` of a group.
    :param targets: ids of tasks and groups; an empty one means every task.
    :param within: whether the nodes are in a group that is meant.
    """
    for node in nodes:
        meant = within or "" in targets or node["id"] in targets
        if node.get("children") is not None:
            mark(node["children"], targets, within=meant)
        elif meant and node.get("type", "task") == "task" and not node["label"].endswith(MARK):
            node["label"] += MARK


def _dag_id(scope: Scope) -> str:
    if scope["type"] != "http" or scope["method"] != "GET":
        return ""
    path: str = get_route_path(scope)
    if path.startswith(GRID):
        return path.removeprefix(GRID)
    if path == GRAPH:
        query: bytes = scope["query_string"]
        return parse_qs(query.decode("latin-1")).get("dag_id", [""])[0]
    return ""


def _targets(dag_id: str) -> Collection[str]:
    query = select(Registered.task_id, Registered.definition).where(Registered.dag_id == dag_id)
    try:
        with autocommit() as connection:
            rows = connection.execute(query).all()
        return {row.task_id for row in rows if set(OF_STEPS) & set(json.loads(row.definition)["on"])}
    except Exception as error:  # noqa: BLE001  Airflow's pages do not depend on Hookline
        log.warning("steps with webhooks are not marked", dag_id=dag_id, error=type(error).__name__)
        return ()


def _is_plain_json(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    is_json = headers.get(b"content-type", b"").startswith(b"application/json")
    return start["status"] == 200 and is_json and b"content-encoding" not in headers


def _marked(body: bytes, targets: Collection[str]) -> bytes:
    try:
        answer = json.loads(body)
        mark(answer["nodes"] if isinstance(answer, dict) else answer, targets)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.warning("steps with webhooks are not marked", error=type(error).__name__)
        return body
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
