"""What holds for every route of the management API, whichever are added."""

from __future__ import annotations

import httpx
import pytest

from hookline.api import application
from tests.unit.api.conftest import As

DOCUMENT = application.document(application.create())
PATHS = DOCUMENT["paths"]
CALLS = sorted((method.upper(), path) for path, methods in PATHS.items() for method in methods)
BODIES: dict[str, dict[str, object]] = {
    "/replays": {"events": {}},
    "/replays/{number}/start": {"total": 1},
    "/deliveries/replay": {"dag_id": "shop.order.paid"},
    "/endpoints/enable": {"key": "crm /"},
    "/endpoints/disable": {"key": "crm /"},
    "/sources": {"name": "shop", "auth_type": "github"},
    "/sources/{name}/samples": {"event": "github.push"},
    "/connections/{conn_id}/calls": {"dry_run": True},
    "/step-webhooks/{name}/tests": {"dag_id": "shop.order.paid"},
}
OF_METHODS = {
    ("PUT", "/step-webhooks/{name}"): {"dag_id": "shop.order.paid", "definition": {"conn_id": "crm"}},
    ("PATCH", "/step-webhooks/{name}"): {"enabled": False},
    ("PATCH", "/event-dags/{dag_id}"): {"paused": True},
}
CHANGES = [one for one in CALLS if one[0] != "GET"]


def address(path: str) -> str:
    for name in ("number", "name", "conn_id", "dag_id", "run_id"):
        path = path.replace(f"{{{name}}}", "1")
    assert "{" not in path
    return path


def body(method: str, path: str) -> dict[str, object] | None:
    return OF_METHODS.get((method, path), BODIES.get(path))


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


@pytest.mark.parametrize(("method", "path"), [*CALLS, ("GET", "/openapi.json")])
def test_nobody_gets_anything(call: As, method: str, path: str) -> None:
    answer = call(None).request(method, address(path), content=b"{")

    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_token_of_another_airflow_is_refused(call: As, method: str, path: str) -> None:
    client = call("admin")
    client.headers["Authorization"] = client.headers["Authorization"][:-9] + "A" * 9

    problem(client.request(method, address(path)), 403)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_the_document_has_every_answer_in_common(method: str, path: str) -> None:
    responses = PATHS[path][method.lower()]["responses"]
    assert {"401", "403", "404", "422", "503"} <= set(responses)
    assert list(responses["422"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_viewer_changes_nothing(call: As, method: str, path: str) -> None:
    problem(call("viewer").request(method, address(path), json=body(method, path)), 403)


# What a browser says of where a call comes from, and whether a call with Airflow's cookie passes.
PLACES: dict[str, tuple[dict[str, str], bool]] = {
    "a page of this Airflow": ({"Sec-Fetch-Site": "same-origin", "Origin": "http://airflow.test"}, True),
    "an old browser on such a page": ({"Origin": "http://airflow.test"}, True),
    "another port": ({"Origin": "http://airflow.test:8081"}, False),
    "another site": ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
    "a host beside": ({"Sec-Fetch-Site": "same-site", "Origin": "http://x.airflow.test"}, False),
    "a lie of an old page": ({"Sec-Fetch-Site": "cross-site", "Origin": "http://airflow.test"}, False),
    "a sandbox": ({"Origin": "null"}, False),
    "nowhere": ({}, False),
    "no origin at all": ({"Origin": "http://["}, False),
}


@pytest.mark.parametrize(("headers", "passes"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_cookie_is_enough_on_airflow_s_own_pages_only(
    call: As, method: str, path: str, headers: dict[str, str], passes: bool
) -> None:
    client = call("op")
    client.cookies["_token"] = client.headers.pop("Authorization").removeprefix("Bearer ")

    answer = client.request(method, address(path), json=body(method, path), headers=headers)

    assert (answer.json().get("type") != "urn:hookline:problem:cross-origin") is passes, answer.text
    assert passes or answer.status_code == 403


def test_reading_takes_the_cookie_alone(call: As) -> None:
    client = call("op")
    client.cookies["_token"] = client.headers.pop("Authorization").removeprefix("Bearer ")

    assert client.get("/events").status_code == 200


def test_the_document_is_served(call: As) -> None:
    served = call("viewer").get("/openapi.json").json()

    assert served.pop("servers") == [{"url": "/hooks/api/v1"}]
    assert served == DOCUMENT


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/events", 405)])
def test_what_there_is_not_is_a_problem_too(call: As, method: str, path: str, status: int) -> None:
    problem(call("viewer").request(method, path), status)


def test_a_gateway_has_no_management() -> None:
    from hookline.server import create_app

    app = create_app("/hooks", loops=False)
    assert not [route for route in app.routes if "/api" in getattr(route, "path", "")]
