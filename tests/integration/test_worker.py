"""``airflow hookline worker``: dispatches what another process accepted, and ends when it is told to."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psycopg2

from demo.rest import request_json
from demo.stack import airflow
from tests.integration.gateway import Gateway

SECONDS = 60


def state(environment: dict[str, str], event_id: str) -> str:
    url = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM hookline_event WHERE event_id = %s", (event_id,))
            return cursor.fetchone()[0]
    finally:
        connection.close()


def test_a_worker_dispatches_what_a_gateway_accepted(
    postgres_environment: dict[str, str], tmp_path: Path
) -> None:
    with Gateway(postgres_environment, tmp_path / "gateway.log") as gateway:
        event_id = request_json("POST", f"{gateway.url}/hooks/in/open/paid", {}).json()["event_id"]
        assert gateway.terminate() == 0
    assert state(postgres_environment, event_id) == "pending"

    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            airflow("hookline", "worker"), env=postgres_environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + SECONDS
        while state(postgres_environment, event_id) == "pending":  # without a Dag it is held
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
            time.sleep(0.1)
    finally:
        worker.terminate()

    assert worker.wait(SECONDS) == 0
    assert state(postgres_environment, event_id) == "held"
    assert "Traceback" not in (tmp_path / "worker.log").read_text()
