"""One Airflow for all end-to-end tests: PostgreSQL, api-server, scheduler, dag-processor, triggerer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.echo import EchoServer
from demo.ports import free_port
from demo.stack import REPOSITORY, Stack
from tests.e2e import authentications, canaries, oauth
from tests.e2e.api import Api
from tests.e2e.driver import Driver

HERE = Path(__file__).parent
SECRET = "an-end-to-end-secret"
READY_SECONDS = 180
MAIN = ("deployments", "github_api", "orders", "mail")
PLATFORM = ("chat", "data_catalog", "warehouse", "search", "service_desk")
"""What the ready Dags call: those of other systems' events, and those of the platform's."""
WAITS = {"auth_type": "none", "respond": "finished", "respond_timeout": 60}


def environment(echo: EchoServer, api: Api, oauth_port: int, tls_api: Api) -> dict[str, str]:
    """Return the Connections of the tests, and quick polls, so that a held event goes out soon."""
    target = {"conn_type": "http_connector", "schema": "http", "host": "127.0.0.1", "port": echo.server_port}
    nearby = {"auth_type": "none", "allowed_networks": "127.0.0.1"}
    connections = {
        "github": {"conn_type": "webhook", "password": SECRET, "extra": {"auth_type": "github"}},
        "platform": {
            "conn_type": "webhook",
            "login": "platform",
            "password": SECRET,
            "extra": {"auth_type": "basic", "dag_prefix": ""},
        },
        "chaos": {
            "conn_type": "webhook",
            "password": SECRET,
            "extra": {"auth_type": "api_key", "event_id": "header:X-Delivery-Id"},
        },
        "echo": {**target, "extra": {"auth_type": "none"}},
        "api": {**target, "port": api.server_port, "extra": {**nearby, "backoff": 0.1}},
        "ledger": {**target, "extra": {"auth_type": "none"}},
        "directory": {**target, "login": "hookline", "password": SECRET, "extra": {"auth_type": "basic"}},
        **{
            name: {**target, "password": SECRET, "extra": {"auth_type": "bearer"}}
            for name in (*MAIN, *PLATFORM)
        },
        "partner": {
            "conn_type": "webhook",
            "extra": {"auth_type": "none", "correlation": "query:correlation"},
        },
        "waits": {"conn_type": "webhook", "extra": {**WAITS, "event_id": "header:X-Delivery-Id"}},
        "desk": {
            "conn_type": "webhook",
            "password": SECRET,
            "extra": {"auth_type": "bearer", "form": "public"},
        },
        "staff": {
            "conn_type": "webhook",
            "password": SECRET,
            "extra": {"auth_type": "bearer", "form": "intranet", "dag_prefix": "desk"},
        },
        "stripe": {
            "conn_type": "webhook",
            "extra": {**WAITS, "event_type": "body:type", "event_id": "body:id"},
        },
    }
    connections |= oauth.connections(oauth_port)
    connections |= canaries.connections(api.server_port)
    connections |= authentications.connections(api.server_port, tls_api.server_port, tls_api.folder)
    return {
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections.items()},
        # What does not change is read again every 30 s by default; what does is read, and written, at once.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__HOOKLINE__HOLD_INTERVAL": "1",
        "AIRFLOW__HOOKLINE__ALLOWED_NETWORKS": "127.0.0.1",
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
    }


@pytest.fixture(scope="session")
def echo() -> Iterator[EchoServer]:
    """A receiver that remembers what the Dags sent."""
    with EchoServer() as server:
        yield server


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """What the Dags of ``dags/lanes.py`` call."""
    with Api() as server:
        yield server


@pytest.fixture(scope="session")
def tls_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One that speaks TLS, and takes nothing from who shows no certificate."""
    server = Api(tmp_path_factory.mktemp("certificates"))
    server.socket = authentications.context(server.folder).wrap_socket(server.socket, server_side=True)
    with server:
        yield server


@pytest.fixture(scope="session")
def oauth_port() -> int:
    """Where the OAuth 2.0 provider of ``test_oauth.py`` listens, when it runs."""
    return free_port()


@pytest.fixture(scope="session")
def dags_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ready Dags and the tests' own, in a folder that tests may add to."""
    folder = tmp_path_factory.mktemp("dags")
    for file in [*(REPOSITORY / "dags").glob("*.py"), *(HERE / "dags").glob("*.py")]:
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="session")
def settings(echo: EchoServer, api: Api, tls_api: Api, oauth_port: int) -> dict[str, str]:
    """What the stack is told beside its own settings."""
    return environment(echo, api, oauth_port, tls_api)


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], dags_folder: Path
) -> Iterator[Stack]:
    """Airflow on PostgreSQL."""
    made = Stack(
        tmp_path_factory.mktemp("stack"),
        port=0,
        dags_folder=dags_folder,
        environment=settings,
    )
    with made:
        made.wait_ready(READY_SECONDS)
        driver = Driver(made)
        driver.wait_for_dags("github.push", "users.created", "chaos.tick")
        yield made


@pytest.fixture
def driver(stack: Stack) -> Driver:
    """What a sender and an operator do with the stack."""
    return Driver(stack)
