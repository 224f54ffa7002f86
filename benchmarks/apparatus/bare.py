"""The reference for accepting: a bare ASGI app that commits waiting requests in groups, and nothing else.

It reads the body, inserts it with the delivery id, commits, answers 202. No routing, no verification, no
parsing, no duplicates. ``BARE_DATABASE`` is a libpq connection string.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2

CREATE = "CREATE TABLE IF NOT EXISTS bare_event (seq bigserial PRIMARY KEY, id text, body text)"
INSERT = "INSERT INTO bare_event (id, body) SELECT * FROM unnest(%s::text[], %s::text[])"

waiting: list[tuple[str, str, asyncio.Future[None]]] = []
thread = ThreadPoolExecutor(max_workers=1)
state: dict[str, Any] = {}


def write(batch: list[tuple[str, str, asyncio.Future[None]]]) -> None:
    with state["connection"].cursor() as cursor:
        cursor.execute(INSERT, ([row[0] for row in batch], [row[1] for row in batch]))
    state["connection"].commit()


async def commit_groups() -> None:
    loop = asyncio.get_running_loop()
    while True:
        await state["some"].wait()
        state["some"].clear()
        while waiting:
            batch = waiting[:]
            waiting.clear()
            await loop.run_in_executor(thread, write, batch)
            for *_, done in batch:
                done.set_result(None)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        state["connection"] = psycopg2.connect(os.environ["BARE_DATABASE"])
        with state["connection"].cursor() as cursor:
            cursor.execute(CREATE)
        state["connection"].commit()
        state["some"] = asyncio.Event()
        state["task"] = asyncio.create_task(commit_groups())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    delivery = next((v.decode() for n, v in scope["headers"] if n == b"x-delivery-id"), "")
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting.append((delivery, body.decode(), done))
    state["some"].set()
    await done
    answer = b'{"status":"accepted"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
