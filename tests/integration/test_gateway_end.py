"""How the gateway ends under load: SIGTERM cuts nobody short, and nothing that was accepted is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from demo.ports import LOOPBACK
from demo.rest import request, request_json
from tests.integration.gateway import Clients, Gateway, Outcome

CLIENTS = 32
WARM = 500


def stored(environment: dict[str, str]) -> set[str]:
    url = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT event_id FROM hookline_event WHERE source = 'busy'")
            return {row[0] for row in cursor.fetchall()}
    finally:
        connection.close()


def load(gateway: Gateway, end: signal.Signals) -> tuple[Outcome, int]:
    """Keep the gateway busy, end it, return what the clients saw and the exit code."""

    async def main() -> tuple[Outcome, int]:
        clients = Clients(gateway.port, "/hooks/in/busy/paid", WARM)
        running = asyncio.create_task(clients.run(CLIENTS))
        await clients.enough.wait()
        os.killpg(gateway.process.pid, end) if end is signal.SIGKILL else gateway.process.send_signal(end)
        return await running, await asyncio.to_thread(gateway.process.wait, 60)

    return asyncio.run(main())


@pytest.fixture
def events(postgres_environment: dict[str, str]) -> dict[str, str]:
    """PostgreSQL with an empty inbox."""
    url = postgres_environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM hookline_event")
    connection.close()
    return postgres_environment


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_under_load_loses_nothing_and_cuts_nobody_short(
    events: dict[str, str], tmp_path: Path, workers: str
) -> None:
    with Gateway(events, tmp_path / "log", "--workers", workers) as gateway:
        outcome, code = load(gateway, signal.SIGTERM)

        assert (outcome.cut, outcome.other, code) == ([], [], 0), gateway.log.read_text()
        assert len(outcome.accepted) >= WARM
        assert outcome.accepted <= stored(events)
        assert "Traceback" not in gateway.log.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigkill_under_load_loses_nothing_that_was_accepted(
    events: dict[str, str], tmp_path: Path, workers: str
) -> None:
    with Gateway(events, tmp_path / "log", "--workers", workers) as gateway:
        outcome, code = load(gateway, signal.SIGKILL)

    assert code == -signal.SIGKILL
    assert len(outcome.accepted) >= WARM
    assert outcome.accepted <= stored(events)


def begin(port: int) -> socket.socket:
    """Return a connection on which half a request was sent."""
    connection = socket.create_connection((LOOPBACK, port), timeout=30)
    connection.sendall(
        b"POST /hooks/in/busy/half HTTP/1.1\r\nHost: test\r\nX-Delivery-Id: half\r\n"
        b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"
    )
    return connection


def closed(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_request_that_has_begun_is_finished_after_the_door_is_closed(
    events: dict[str, str], tmp_path: Path
) -> None:
    with Gateway(events, tmp_path / "log") as gateway, begin(gateway.port) as half:
        gateway.process.terminate()
        gateway.wait(lambda: closed(gateway.port))
        half.sendall(b'"n": 1}')

        assert half.recv(65536).startswith(b"HTTP/1.1 202 ")
        assert gateway.process.wait(20) == 0
        assert "half" in stored(events)


def test_a_request_that_is_never_finished_is_waited_for_no_longer_than_said(
    events: dict[str, str], tmp_path: Path
) -> None:
    with Gateway(events, tmp_path / "log", "--graceful-timeout", "2") as gateway, begin(gateway.port):
        start = time.monotonic()

        assert gateway.terminate() == 0
        assert time.monotonic() - start < 10


def test_probes_learn_of_the_end_before_the_door_is_closed(events: dict[str, str], tmp_path: Path) -> None:
    with Gateway(events, tmp_path / "log", "--shutdown-delay", "3") as gateway:
        gateway.process.terminate()
        gateway.wait(lambda: request("GET", f"{gateway.url}/hooks/health").status == 503)

        assert request("GET", f"{gateway.url}/hooks/health/live").status == 200
        assert request_json("POST", f"{gateway.url}/hooks/in/busy", {}).status == 202
        assert gateway.process.wait(20) == 0


def test_a_process_that_dies_is_replaced(events: dict[str, str], tmp_path: Path) -> None:
    with Gateway(events, tmp_path / "log", "--workers", "2") as gateway:
        [first, _] = psutil.Process(gateway.process.pid).children()
        first.kill()
        first.wait(20)
        gateway.wait(lambda: len(psutil.Process(gateway.process.pid).children()) == 2)

        assert gateway.terminate() == 0


def test_processes_end_with_the_one_that_started_them(events: dict[str, str], tmp_path: Path) -> None:
    with Gateway(events, tmp_path / "log", "--workers", "2") as gateway:
        children = psutil.Process(gateway.process.pid).children()
        gateway.process.kill()

        assert psutil.wait_procs(children, timeout=20)[1] == []
