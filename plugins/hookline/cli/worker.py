"""``airflow hookline worker``: the loops without any web server."""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace

import structlog
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline import database
from hookline.exceptions import ConfigurationError
from hookline.server import Loops

log = structlog.get_logger(__name__)


@providers_configuration_loaded
def worker(args: Namespace) -> None:  # noqa: ARG001  every command gets them
    """Dispatch and keep tokens until SIGTERM or SIGINT; what has begun is finished.

    :raises SystemExit: 1 when a loop ended by itself, so that whoever supervises starts it again.
    """
    try:
        loops = Loops()
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    if asyncio.run(_run(loops)):
        raise SystemExit(1)


async def _run(loops: Loops) -> bool:
    ended = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, ended.set)
    tasks = loops.start()
    for task in tasks:
        task.add_done_callback(lambda _: ended.set())
    log.info("worker", loops=[task.get_name() for task in tasks])
    await ended.wait()
    failed = [task for task in tasks if task.done()]
    for task in failed:
        log.error("a loop ended", loop=task.get_name(), exc_info=task.exception())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    database.dispose()
    return bool(failed)
