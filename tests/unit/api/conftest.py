"""The management API inside an application as Airflow has it, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hookline.server import create_app
from tests.unit.dispatch import event_dags

SETTINGS = {
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "nobody:viewer",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-the-unit-tests-" * 3,
    "AIRFLOW__API__SECRET_KEY": "another-secret-of-the-unit-tests-" * 3,
}
As = Callable[[str | None], httpx.Client]


@pytest.fixture(scope="module")
def application(metadata: str, database_file: Path) -> Iterator[FastAPI]:
    """Hookline mounted in an application with Airflow's authentication."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in SETTINGS.items():
            environment.setenv(name, value)
        around = FastAPI()
        airflow_app.init_auth_manager(around)
        around.add_middleware(JWTRefreshMiddleware)
        inner = create_app(loops=False, management=True)
        around.mount("/hooks", inner)
        try:
            yield around
        finally:
            airflow_app._AuthManagerState.instance = None


@pytest.fixture
def call(application: FastAPI) -> Iterator[As]:
    """Return a client of the API for somebody of a role, or for nobody; the tables are empty at first."""
    event_dags.empty()
    clients = []

    def of(role: str | None) -> httpx.Client:
        client = TestClient(
            application, base_url="http://airflow.test/hooks/api/v1", raise_server_exceptions=True
        )
        if role is not None:
            user = SimpleAuthManagerUser(username=role, role=role)
            client.headers["Authorization"] = f"Bearer {airflow_app.get_auth_manager().generate_jwt(user)}"
        clients.append(client)
        return client

    yield of
    for client in clients:
        client.close()
