"""Requests that wait for their run when the process is asked to end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.integration.conftest import Server

WAITING = {"auth_type": "none", "respond": "finished", "respond_timeout": 120}
REQUESTS = 20


@pytest.fixture(scope="module")
def environment(environment: dict[str, str]) -> dict[str, str]:
    """A source that waits, and no dispatcher that would end the waiting."""
    connection = json.dumps({"conn_type": "webhook", "extra": WAITING})
    return {**environment, "AIRFLOW_CONN_WAITING": connection, "AIRFLOW__HOOKLINE__RUN_LOOPS": "False"}


def stored(environment: dict[str, str]) -> int:
    with closing(sqlite3.connect(Path(environment["AIRFLOW_HOME"], "airflow.db"), timeout=30)) as database:
        query = "SELECT count(*) FROM hookline_event WHERE source = 'waiting'"
        return int(database.execute(query).fetchone()[0])


def test_they_are_told_where_to_look(server: Server, environment: dict[str, str]) -> None:
    with ThreadPoolExecutor(REQUESTS) as threads:
        url = f"{server.url}/hooks/in/waiting/paid"
        answers = [threads.submit(requests.post, url, json={}, timeout=60) for _ in range(REQUESTS)]
        while stored(environment) < REQUESTS:
            time.sleep(0.05)
        began = time.monotonic()

        os.kill(server.pid, signal.SIGTERM)

        for answer in answers:
            got = answer.result(30)
            assert (got.status_code, got.json()["status"]) == (202, "accepted")
            assert got.headers["location"] == got.json()["status_url"]
        assert time.monotonic() - began < 10
    assert "Traceback" not in server.log.read_text()
