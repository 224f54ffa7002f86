"""Sources and a server for the tests of this room."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.conftest import Query
from tests.unit.ingress.server import Server

Objects = Callable[[], list[Path]]
Events = Callable[[], list[dict[str, Any]]]
SECRET = "an-ingress-s3cret"
SOURCES: dict[str, dict[str, Any]] = {
    "shop": {"extra": {"auth_type": "none", "event_id": "header:X-Id"}},
    "guarded": {"password": SECRET, "extra": {"auth_type": "api_key"}},
    "asks": {"login": "user", "password": SECRET, "extra": {"auth_type": "basic"}},
    "github": {"password": SECRET, "extra": {"auth_type": "github"}},
    "small": {"extra": {"auth_type": "none", "max_body_bytes": 100}},
    "greedy": {"extra": {"auth_type": "none", "max_body_bytes": 100_000_000}},
    "worded": {
        "extra": {
            "auth_type": "none",
            "event_id": "header:X-Id",
            "response_status": 201,
            "response_headers": {"X-Hookline-Shop": "north"},
            "response_body": "{event_id} {status} {duplicate} {source} {type}",
        }
    },
    "gets": {"extra": {"auth_type": "none", "methods": ["GET"]}},
    "open-by-mistake": {"password": SECRET, "extra": {}},
    "misspelt": {"password": SECRET, "extra": {"auth_type": "githup"}},
    "no-secret": {"extra": {"auth_type": "github"}},
    "broken": {"extra": ["auth_type"]},
    "slack": {"password": SECRET, "extra": {"auth_type": "slack"}},
    "meta": {"password": SECRET, "extra": {"auth_type": "meta", "verify_token": "t0ken"}},
    "twitter": {"password": SECRET, "extra": {"auth_type": "twitter"}},
    "asana": {"password": SECRET, "extra": {"auth_type": "asana"}},
    "discord": {"password": "ab" * 32, "extra": {"auth_type": "discord"}},
    "graph": {
        "password": SECRET,
        "extra": {"auth_type": "api_key", "key_query": "key", "handshake": "microsoft_graph"},
    },
    "cloud": {"password": SECRET, "extra": {"auth_type": "bearer", "handshake": "cloudevents"}},
    "paypal": {"password": SECRET, "extra": {"auth_type": "paypal"}},
    "keys-away": {
        "extra": {
            "auth_type": "jwt",
            "jwks_url": "http://127.0.0.1:9/keys",
            "jwt_issuer": "i",
            "jwt_audience": "a",
        }
    },
    "signed": {"password": SECRET, "extra": {"auth_type": "hmac"}},
    "rows": {
        "extra": {"auth_type": "none", "batch": True, "event_id": "body:id", "event_type": "body:t"},
    },
    "other-type": {"conn_type": "http", "extra": {"auth_type": "none"}},
}


@pytest.fixture(scope="module")
def settings() -> Iterator[pytest.MonkeyPatch]:
    """The environment of the server: sources, and limits small enough to meet."""
    with pytest.MonkeyPatch.context() as environment:
        for name, fields in SOURCES.items():
            connection = {"conn_type": "webhook", **fields}
            environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        environment.setenv("AIRFLOW__HOOKLINE__MAX_BODY_BYTES", "100000")
        environment.setenv("AIRFLOW__HOOKLINE__REQUEST_TIMEOUT", "1.0")
        yield environment


@pytest.fixture(scope="module")
def server(settings: pytest.MonkeyPatch, database_file: Path) -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def fresh_server(settings: pytest.MonkeyPatch, database_file: Path) -> Iterator[Server]:
    """A server that has seen no request, for tests that use up what it allows."""
    with Server() as server:
        yield server


@pytest.fixture(autouse=True)
def _empty_inbox(query: Query) -> None:
    """Begin each test with an empty inbox."""


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for object storage."""
    return tmp_path_factory.mktemp("storage")


@pytest.fixture(scope="module")
def storing(settings: pytest.MonkeyPatch, storage: Path, database_file: Path) -> Iterator[Server]:
    """A server with object storage, which takes up to 3 MB."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", f"file://{storage}")
        environment.setenv("AIRFLOW__HOOKLINE__MAX_BODY_BYTES", "3000000")
        made = Server()
    with made as server:
        yield server


@pytest.fixture
def objects(storage: Path) -> Iterator[Objects]:
    """What is in object storage; nothing at first and at last."""

    def found() -> list[Path]:
        return sorted(path for path in storage.rglob("*") if path.is_file())

    yield found
    for path in found():
        path.unlink()


@pytest.fixture
def events(query: Query) -> Events:
    """The stored CloudEvents."""
    return lambda: [json.loads(body) for (body,) in query("SELECT body FROM hookline_event ORDER BY seq")]
