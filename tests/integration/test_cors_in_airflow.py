"""Cross-origin requests to a real api-server with Airflow's own CORS switched on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.gateway import Served

PAGE = "https://shop.example"
AIRFLOWS = "https://airflow-ui.example"
SOURCE = {"conn_type": "webhook", "extra": {"auth_type": "none", "allowed_origins": f"{PAGE} {AIRFLOWS}"}}
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.fixture(scope="module")
def api_server(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of the api-server's public routes."""
    settings = {
        **environment,
        "AIRFLOW_CONN_PAGED": json.dumps(SOURCE),
        "AIRFLOW__HOOKLINE__RUN_LOOPS": "False",
        "AIRFLOW__API__ACCESS_CONTROL_ALLOW_ORIGINS": AIRFLOWS,
        "AIRFLOW__API__ACCESS_CONTROL_ALLOW_METHODS": "GET",
        "AIRFLOW__API__ACCESS_CONTROL_ALLOW_HEADERS": "x-airflow",
    }
    log = tmp_path_factory.mktemp("api-server") / "log"
    with (
        Served(settings, log, "api-server", "--workers", "1") as running,
        httpx.Client(base_url=f"{running.url}/hooks") as client,
    ):
        yield client


def ask(server: httpx.Client, path: str, origin: str) -> httpx.Response:
    return server.options(path, headers={**ASKS, "Origin": origin})


@pytest.mark.parametrize("origin", [PAGE, AIRFLOWS], ids=["ours", "also Airflow's"])
def test_the_source_answers_its_own_preflight(api_server: httpx.Client, origin: str) -> None:
    response = ask(api_server, "/in/paged/order", origin)

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == "POST, PUT, PATCH"
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("origin", [PAGE, AIRFLOWS], ids=["ours", "also Airflow's"])
def test_the_answer_has_the_source_s_fields_alone(api_server: httpx.Client, origin: str) -> None:
    response = api_server.post("/in/paged/order", json={}, headers={"Origin": origin})

    assert response.status_code == 202
    assert response.headers.get_list("access-control-allow-origin") == [origin]
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in response.headers


def test_what_airflow_allows_is_not_what_a_source_allows(api_server: httpx.Client) -> None:
    assert ask(api_server, "/in/paged/order", "https://evil.example").status_code == 403


def test_everything_else_stays_airflow_s(api_server: httpx.Client) -> None:
    response = ask(api_server, "/health", AIRFLOWS)

    assert response.status_code == 400  # its own list of methods has no POST
    assert response.headers["access-control-allow-methods"] == "GET"


def test_a_program_passes_airflow_s_middlewares_as_before(api_server: httpx.Client) -> None:
    assert api_server.post("/in/paged/order", json={}).status_code == 202
