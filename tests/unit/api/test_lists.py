"""Sources, refusals, held events, jobs, tokens and the catalog in the management API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.refusals import Refusal, Refused, keep
from hookline.jobs import store as jobs
from hookline.jobs.models import Job
from hookline.jobs.store import NewJob
from hookline.tokens.models import KeptToken
from tests.unit.api.conftest import As
from tests.unit.api.inbox import NOON, store
from tests.unit.dispatch import event_dags

SECRET = "a-secret-that-nobody-sees"
SOURCES = {
    "shop": {"password": SECRET, "extra": {"auth_type": "api_key"}},
    "shut": {"password": SECRET, "extra": {"auth_type": "magic"}},
}
TARGET = {
    "conn_type": "http_connector",
    "host": "api.example",
    "login": "me",
    "password": SECRET,
    "extra": {
        "auth_type": "oauth2",
        "grant": "authorization_code",
        "oauth_authorize_url": "https://id.example/authorize",
        "oauth_exchange_url": "https://id.example/token",
    },
}


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    get_fernet.cache_clear()
    for name, fields in SOURCES.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "webhook", **fields}))
    monkeypatch.setenv("AIRFLOW_CONN_CALENDAR", json.dumps(TARGET))
    yield
    get_fernet.cache_clear()


@pytest.fixture
def emptied(application: object) -> Iterator[None]:
    yield
    with engine().begin() as connection:
        for table in (Job, Refusal, KeptToken):
            connection.execute(delete(table))


def items(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    return list(answer.json()["items"])


def test_sources_say_what_they_are_and_why_they_are_shut(call: As) -> None:
    store({}, {"state": "pending"}, {"state": "dispatched"})

    shop, shut = items(call("op").get("/sources"))

    assert (shop["name"], shop["auth_type"], shop["error"]) == ("shop", "api_key", None)
    assert shop["waiting"] == {"held": 1, "pending": 1}
    assert shop["last_event_at"] == "2026-09-21T12:00:02Z"
    assert shop["url"].endswith("/hooks/in/shop")
    assert "`auth_type` magic is unknown" in shut["error"]


def test_sources_come_in_pages(call: As) -> None:
    first = call("op").get("/sources", params={"limit": 1})
    second = call("op").get("/sources", params={"limit": 1, "cursor": first.json()["next_cursor"]})

    assert [one["name"] for one in items(first) + items(second)] == ["shop", "shut"]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize("path", ["/sources", "/sources/shop", "/refusals", "/tokens", "/tokens/calendar"])
def test_connections_are_for_who_may_read_them(call: As, path: str) -> None:
    assert call("viewer").get(path).status_code == 403
    assert call("op").get(path).status_code == 200


@pytest.mark.parametrize("path", ["/sources/nowhere", "/tokens/shop", "/tokens/nowhere", "/catalog/no.thing"])
def test_what_is_not_there_is_not_found(call: As, path: str) -> None:
    assert call("op").get(path).status_code == 404


@pytest.mark.usefixtures("emptied")
def test_refusals_by_source_in_pages(call: As) -> None:
    with engine().begin() as connection:
        refused = [
            Refused(source, NOON, "unauthenticated", 401, f"r{number}", "1.2.3.4", '{"path": "/"}')
            for number, source in enumerate(["shop", "", "shop", "shut", "-links"])
        ]
        keep(connection, refused, 100)
    client, cursor, seen = call("op"), {}, []
    while True:
        answer = client.get("/refusals", params={"limit": 3, **cursor})
        seen += [one["reason"] for one in items(answer)]
        if answer.json()["next_cursor"] is None:
            break
        cursor = {"cursor": answer.json()["next_cursor"]}

    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert [one["reason"] for one in items(client.get("/refusals?source=shop"))] == ["r2", "r0"]
    assert [one["reason"] for one in items(client.get("/refusals?source=-"))] == ["r1"]
    assert [one["reason"] for one in items(client.get("/refusals?source=-links"))] == ["r4"]


def test_held_events_are_listed_by_kind_with_the_nearest_dag(call: As) -> None:
    event_dags.write("shop.order.payed")
    event_dags.write("git.push")
    store({}, {}, {"candidates": '["git.push"]', "reason": "It is paused."})

    git, shop = items(call("op").get("/held"))

    assert (git["count"], git["nearest"], git["reason"]) == (1, ["git.push"], "It is paused.")
    assert (shop["count"], shop["nearest"]) == (2, ["shop.order.payed"])
    assert [one["candidates"] for one in items(call("viewer").get("/held"))] == [["git.push"]]


@pytest.mark.usefixtures("emptied")
def test_jobs_of_dags_that_one_may_read(call: As) -> None:
    event_dags.write("git.push")
    same: dict[str, Any] = {"source": "shop", "event_type": "t", "received_at": NOON}
    with Session(engine()) as session, session.begin():
        made = [
            NewJob(
                event_id="e0", kind="run", target="git.push", dag_id="git.push", body='{"data": 1}', **same
            ),
            NewJob(event_id="e1", kind="asset", target="hookline://shop/t", **same),
        ]
        first, _ = jobs.add(session, made, NOON + timedelta(minutes=1))

    assert [one["event_id"] for one in items(call("op").get("/jobs"))] == ["e1", "e0"]
    assert [one["event_id"] for one in items(call("op").get("/jobs?kind=run&dag_id=git.push"))] == ["e0"]
    assert call("op").get(f"/jobs/{first}").json()["event"] == {"data": 1}
    assert call("viewer").get(f"/jobs/{first + 1}").status_code == 404


@pytest.mark.usefixtures("emptied")
def test_tokens_are_shown_without_themselves(call: As) -> None:
    kept = {"conn_id": "calendar", "state": "ready", "secrets": SECRET, "fingerprint": SECRET, "failures": 0}
    with engine().begin() as connection:
        connection.execute(insert(KeptToken), [kept])

    [one] = items(call("op").get("/tokens"))

    assert (one["conn_id"], one["state"]) == ("calendar", "unreadable")


def test_a_consent_begins_with_a_link_and_is_in_the_audit_log(call: As) -> None:
    answer = call("op").post("/tokens/calendar/consent")

    assert answer.status_code == 201
    assert answer.json()["url"].startswith("https://id.example/authorize?")
    with engine().connect() as connection:
        logged = connection.exec_driver_sql("SELECT event, owner, extra FROM log ORDER BY id DESC").first()
    assert logged is not None
    assert tuple(logged) == ("hookline_begin_consent", "op", '{"conn_id": "calendar"}')


def test_the_catalog_has_a_schema_and_a_sample_for_each_event(call: As) -> None:
    listed = items(call("viewer").get("/catalog?limit=200"))

    assert "github.push" in {one["name"] for one in listed}
    for one in listed:
        known = call("viewer").get(f"/catalog/{one['name']}").json()
        assert known["sample"]
        assert known["event_schema"]


def test_the_catalog_has_an_event_whatever_its_slugs(call: As) -> None:
    shown = call("viewer").get("/catalog/datastore_forms.cars.created").json()
    assert (shown["name"], shown["event_path"]) == (
        "datastore_forms.cars.created",
        "datastore_forms/cars/created",
    )
