"""Who may change what, as Airflow's roles say, under both of its auth managers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hookline.server import create_app
from tests.unit.api.conftest import SETTINGS, As
from tests.unit.api.test_routes import CHANGES, address, body, problem
from tests.unit.dispatch import event_dags

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ROLES = ("Viewer", "User", "Op", "Admin")
"""Of both auth managers, each with the rights of the one before."""
OF_CONNECTIONS = {
    ("POST", "/connections/{conn_id}/calls"),
    ("POST", "/endpoints/disable"),
    ("POST", "/endpoints/enable"),
    ("POST", "/sources"),
    ("POST", "/sources/{name}/samples"),
    ("POST", "/tokens/{conn_id}/consent"),
}
"""Changes that take a right to Connections; the others take one to Dags or their runs."""
DAG = "shop.order.paid"


def simple(_: FastAPI) -> dict[str, Any]:
    """Return people of the simple auth manager by role."""
    return {role: SimpleAuthManagerUser(username=role, role=role) for role in ROLES}


def fab(around: FastAPI) -> dict[str, Any]:
    """Return people of Flask-AppBuilder by role, as ``airflow users create`` makes them."""
    manager: Any = airflow_app.get_auth_manager()
    people = {}
    with manager.flask_app.app_context():
        security = manager.security_manager
        for role in ROLES:
            name = {"username": role, "first_name": role, "last_name": role, "email": f"{role}@example.com"}
            made = security.find_user(role) or security.add_user(
                **name, role=security.find_role(role), password="only-for-tests"
            )
            people[role] = made
    return people


MANAGERS = {"simple": (simple, {}), "fab": (fab, {"AIRFLOW__CORE__AUTH_MANAGER": FAB})}


@pytest.fixture(scope="module", params=MANAGERS)
def people(request: pytest.FixtureRequest, database_file: Path) -> Iterator[As]:
    """Return a client of the API for somebody of a role; there is one event Dag."""
    find, settings = MANAGERS[request.param]
    with pytest.MonkeyPatch.context() as environment, warnings.catch_warnings():
        for name, value in (SETTINGS | settings).items():
            environment.setenv(name, value)
        if find is fab:
            warnings.simplefilter("ignore")
        around = FastAPI()
        airflow_app.init_auth_manager(around)
        around.mount("/hooks", create_app(loops=False, management=True))
        tokens = {
            role: airflow_app.get_auth_manager().generate_jwt(user) for role, user in find(around).items()
        }
        event_dags.empty()
        event_dags.write(DAG)

        def of(role: str | None) -> httpx.Client:
            client = TestClient(around, base_url="http://airflow.test/hooks/api/v1")
            client.headers["Authorization"] = f"Bearer {tokens[str(role)]}"
            return client

        try:
            yield of
        finally:
            event_dags.empty()
            airflow_app._AuthManagerState.instance = None


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_viewer_changes_nothing(people: As, method: str, path: str) -> None:
    problem(people("Viewer").request(method, address(path), json=body(method, path)), 403)


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_user_changes_what_is_of_dags_alone(people: As, method: str, path: str) -> None:
    answer = people("User").request(method, address(path), json=body(method, path))

    assert (answer.status_code == httpx.codes.FORBIDDEN) is ((method, path) in OF_CONNECTIONS), answer.text


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_an_operator_is_refused_nothing(people: As, method: str, path: str) -> None:
    answer = people("Op").request(method, address(path), json=body(method, path))

    assert answer.status_code != httpx.codes.FORBIDDEN, answer.text


@pytest.mark.parametrize("path", ["/overview", "/events", "/jobs", "/deliveries", "/event-dags", "/catalog"])
def test_a_viewer_sees(people: As, path: str) -> None:
    assert people("Viewer").get(path).status_code == httpx.codes.OK
