"""The server's loops as a replica of their own: tells on request how many statements it has sent."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import psutil
from sqlalchemy import Engine, event

from hookline import config
from hookline.dispatch.loop import Dispatcher
from hookline.dispatch.waits import Waits

sent = 0


def _count(*_: Any) -> None:
    global sent  # noqa: PLW0603  a counter
    sent += 1


async def _run() -> None:
    poll = config.get_float("poll_interval")
    loops = Dispatcher(poll=poll, hold_poll=config.get_float("hold_interval")), Waits(poll=poll)
    running = [asyncio.create_task(loop.run()) for loop in loops]
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"sent": sent, "rss": psutil.Process().memory_info().rss}), flush=True)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


if __name__ == "__main__":
    event.listen(Engine, "before_cursor_execute", _count)
    asyncio.run(_run())
