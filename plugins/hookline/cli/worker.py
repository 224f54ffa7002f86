"""``airflow hookline worker``: the loops without any web server."""

from __future__ import annotations

import asyncio
import signal
import socket
from argparse import Namespace

import structlog
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline import database, metrics
from hookline.exceptions import ConfigurationError
from hookline.gateway.probes import Probes
from hookline.gateway.workers import listen
from hookline.health import Health
from hookline.server import Loops

log = structlog.get_logger(__name__)


@providers_configuration_loaded
def worker(args: Namespace) -> None:
    """Dispatch and keep tokens until SIGTERM or SIGINT; what has begun is finished.

    :raises SystemExit: 1 when a loop ended by itself, so that whoever supervises starts it again; with a
        sentence when it cannot begin.
    """
    metrics.initialize()
    try:
        loops = Loops()
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    door = _door(args.health_host, args.health_port) if args.health_port is not None else None
    if asyncio.run(_run(loops, door)):
        raise SystemExit(1)


def _door(host: str, port: int) -> socket.socket:
    if not 0 <= port < 65536:
        raise SystemExit("--health-port takes 0 to 65535.")
    try:
        return listen(host, port, shared=False)
    except OSError as error:
        raise SystemExit(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None


async def _run(loops: Loops, door: socket.socket | None) -> bool:
    ended = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, ended.set)
    tasks = [*loops.start(), *metrics.start()]
    health = Health()
    health.tasks.extend(tasks)
    probes = asyncio.create_task(Probes(health).serve(sockets=[door])) if door else None
    for task in tasks:
        task.add_done_callback(lambda _: ended.set())
    log.info("worker", loops=[task.get_name() for task in tasks])
    await ended.wait()
    health.leave()
    failed = [task for task in tasks if task.done()]
    for task in failed:
        log.error("a loop ended", loop=task.get_name(), exc_info=task.exception())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if probes is not None:  # to the last: what is still being finished is no reason for a kill
        probes.cancel()
        await asyncio.gather(probes, return_exceptions=True)
    database.dispose()
    return bool(failed)
