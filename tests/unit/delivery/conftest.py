"""A receiver, and Connections to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.delivery.receiver import Receiver, receiving

Connect = Callable[..., None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 200."""
    with receiving() as running:
        yield running


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Connect:
    """Make a Connection to the receiver; extras as keywords."""

    def make(conn_id: str = "crm", login: str = "", password: str = "", **extra: Any) -> None:
        fields = {
            "conn_type": "http_connector",
            "host": extra.pop("host", receiver.url),
            "login": login,
            "password": password,
            "extra": {"auth_type": "none", "allowed_networks": "127.0.0.1", **extra},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    return make
