"""The public application with sources that have forms, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.forms import entry
from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import Refusal
from tests.unit.dispatch import event_dags
from tests.unit.forms.person import Person
from tests.unit.ingress.server import Server

SOURCES: dict[str, dict[str, Any]] = {
    "desk": {"form": "public", "form_rate_limit": "1000/minute"},
    "slow": {"form": "public"},
    "shared": {"form": "public", "form_rate_limit": "1000/minute", "rate_limit": "2/minute"},
    "guarded": {
        "form": "public",
        "form_rate_limit": "1000/minute",
        "allowed_origins": "https://elsewhere.example",
    },
    "inside": {"form": "intranet"},
    "far": {"form": "public", "allowed_ips": "192.0.2.0/24"},
    "plain": {},
    "misspelt": {"form": "pubic"},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Report a fault",
    "description": "We answer within a day.",
    "required": ["name", "urgency"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 60},
        "urgency": {"type": "integer", "minimum": 1, "maximum": 5},
        "phone": {"type": "string"},
        "mail": {"type": "string", "format": "email"},
    },
    "dependentRequired": {"phone": ["mail"]},
}
Somebody = Callable[[str], Person]
GOOD = {"/name": "Ada", "/urgency": "3"}


@pytest.fixture(scope="module")
def server(metadata: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    storage = tmp_path_factory.mktemp("storage")
    with pytest.MonkeyPatch.context() as environment:
        for name, extra in SOURCES.items():
            connection = {"conn_type": "webhook", "extra": {"auth_type": "none", **extra}}
            environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        environment.setenv("AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL", "0")
        environment.setenv("AIRFLOW__HOOKLINE__TRUSTED_PROXIES", "127.0.0.1")
        environment.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", f"file://{storage}")
        environment.setenv("AIRFLOW__HOOKLINE__MAX_BODY_BYTES", "1000000")
        event_dags.empty()
        for name in SOURCES:
            event_dags.write(f"{name}.fault", SCHEMA, sample={"name": "Ada", "urgency": 1})
        event_dags.write("desk.anything")
        event_dags.write("desk.list", {"type": "array"}, sample=[])
        photo = {"type": "string", "format": "binary", "contentMediaType": "image/png"}
        event_dags.write(
            "desk.photo",
            {"type": "object", "properties": {"photo": photo}, "required": ["photo"]},
            sample={"photo": "a"},
        )
        with Server() as server:
            yield server


@pytest.fixture
def somebody(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Somebody]:
    """People at addresses, of whom it is believed that forms are filled in by hand."""
    monkeypatch.setattr(entry, "QUICKEST", 0)
    with ExitStack() as people:
        yield lambda address: people.enter_context(closing(Person(server.port, address)))


@pytest.fixture
def person(somebody: Somebody) -> Person:
    """Somebody at no address that a proxy tells."""
    return somebody("")


@pytest.fixture(autouse=True)
def _empty(metadata: str) -> None:
    with Session(engine()) as session, session.begin():
        for table in (InboxEvent, Refusal):
            session.query(table).delete()


def stored() -> list[dict[str, Any]]:
    """Return the stored CloudEvents."""
    with engine().connect() as connection:
        return [
            json.loads(body) for body in connection.scalars(select(InboxEvent.body).order_by(InboxEvent.seq))
        ]


def file_at(event: dict[str, Any]) -> Path:
    """Return where the only file of an event is."""
    [file] = event["hookline"]["files"]
    return Path(file["path"].removeprefix("file://"))
