"""The web application alone, as a process of its own, on a migrated database without the rest of Airflow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.ports import free_port
from demo.rest import request
from demo.stack import REPOSITORY, airflow

SECRET = "integration-secret"
SOURCES = {
    "open": {"extra": {"auth_type": "none"}},
    "basic": {"login": "user", "password": SECRET, "extra": {"auth_type": "basic"}},
    "keyed": {"password": SECRET, "extra": {"auth_type": "api_key", "methods": "POST,GET"}},
    "signed": {"password": SECRET, "extra": {"auth_type": "hmac", "event_type": "body:type"}},
    "github": {"password": SECRET, "extra": {"auth_type": "github"}},
    "closed": {"extra": {}},
}


@dataclass(frozen=True)
class Server:
    """A running application."""

    port: int
    pid: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An Airflow home with a migrated SQLite database, and the sources as Connections."""
    home = tmp_path_factory.mktemp("home")
    made = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        **{
            f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": "webhook", **fields})
            for name, fields in SOURCES.items()
        },
    }
    subprocess.run(airflow("db", "migrate"), env=made, check=True, capture_output=True)
    return made


@pytest.fixture(scope="session")
def postgres_environment(
    environment: dict[str, str], postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The same on PostgreSQL, with a source whose senders give delivery ids."""
    made = {
        **environment,
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("home-of-postgres")),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW_CONN_BUSY": json.dumps(
            {"conn_type": "webhook", "extra": {"auth_type": "none", "event_id": "header:X-Delivery-Id"}}
        ),
    }
    subprocess.run(airflow("db", "migrate"), env=made, check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application on loopback, its dispatcher included."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "uvicorn", "tests.integration.application:make", "--factory"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--no-access-log"],
            env=environment,
            cwd=REPOSITORY,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while request("GET", f"http://127.0.0.1:{port}/hooks/health").status != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Server(port, process.pid, log)
    finally:
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM), log.read_text()[-2000:]
