"""Deliveries with an access token that the server's keeper has ready, on a whole metadata database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from hookline import database
from hookline.delivery.settings import Settings
from hookline.http.companion import CONN_TYPE, fingerprint
from hookline.outbox.message import Endpoint
from hookline.outbox.models import DEAD, DELIVERED, Attempt, Delivery, EndpointState
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.receiver import Answer, Receiver
from tests.unit.delivery.running import QUICK, add, all_in, row, run
from tests.unit.outbox.messages import message

TOKEN = "ready-t0ken"
CLIENT = {
    "auth_type": "oauth2",
    "login": "id",
    "password": "client-s3cret",
    "grant": "client_credentials",
    "oauth_exchange_url": "https://login.example.com/token",
}


@pytest.fixture(autouse=True)
def airflow_database(database_file: Path) -> Iterator[None]:
    """Hookline's engine on the database that Airflow's own session is on."""
    database.dispose()
    yield
    with database.engine().begin() as connection:
        for model in (Delivery, Attempt, EndpointState):
            connection.execute(delete(model))
    database.dispose()


def demanded(conn_id: str) -> str | None:
    from airflow.models.variable import Variable

    return Variable.get(f"hookline_refresh__{conn_id}", default_var=None)


def test_a_ready_token_is_sent_and_a_refused_one_is_asked_for_again(
    receiver: Receiver, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect("partner", **CLIENT)
    ready = {"conn_type": CONN_TYPE, "password": TOKEN, "extra": {}}
    monkeypatch.setenv("AIRFLOW_CONN_PARTNER__TOKEN", json.dumps(ready))
    statuses = iter([401, 200])
    receiver.answer = lambda _: Answer(next(statuses))
    add(message(1, endpoint=Endpoint(conn_id="partner")))

    run(all_in(DELIVERED, DEAD), QUICK)

    assert row(1).state == DELIVERED
    assert [sent.headers["authorization"] for sent in receiver.sent] == [f"Bearer {TOKEN}"] * 2
    assert demanded("partner") == fingerprint(TOKEN)


def test_without_a_token_one_is_asked_for_and_the_reason_says_so(
    receiver: Receiver, connect: Connect
) -> None:
    connect("fresh", **CLIENT)
    add(message(2, endpoint=Endpoint(conn_id="fresh")))

    run(all_in(DELIVERED, DEAD), Settings(schedule=()))

    assert "no access token" in row(2).reason
    assert demanded("fresh") == "none"
    assert not receiver.sent


def test_a_connection_that_is_not_there_is_named(receiver: Receiver) -> None:
    add(message(3, endpoint=Endpoint(conn_id="nobody")))
    run(all_in(DELIVERED, DEAD), Settings(schedule=()))
    assert "there is no Connection `nobody`" in row(3).reason
    assert not receiver.sent
