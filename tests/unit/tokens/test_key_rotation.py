"""Airflow's Fernet key is rotated: ``new,old``, ``airflow rotate-fernet-key``, ``new``."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from airflow.models.connection import Connection
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.cli import check_tokens
from hookline.cli.finding import Level
from hookline.database import engine
from hookline.tokens import store
from hookline.tokens.grant import Grant
from hookline.tokens.keeper import Keeper
from hookline.tokens.models import READY
from tests.unit.tokens.conftest import Provider, companion

pytestmark = pytest.mark.usefixtures("tokens", "crm")
SetKeys = Callable[..., None]


@pytest.fixture
def set_keys(monkeypatch: pytest.MonkeyPatch) -> SetKeys:
    """Set ``[core] fernet_key``."""

    def to(*keys: str) -> None:
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", ",".join(keys))
        get_fernet.cache_clear()

    return to


@pytest.fixture
def old() -> str:
    """Tokens are kept with this key."""
    store.keep("crm", Grant("access-0", "refresh-0", 3600.0), consented=True)
    return os.environ["AIRFLOW__CORE__FERNET_KEY"]


@pytest.fixture
def new() -> str:
    return Fernet.generate_key().decode()


def rotate_as_airflow_does() -> None:
    with Session(engine()) as session, session.begin():
        for connection in session.scalars(select(Connection)):
            connection.rotate_fernet_key()


def test_a_refresh_token_outlives_a_rotation(
    old: str, new: str, set_keys: SetKeys, provider: Provider
) -> None:
    provider.gives(refresh_token="refresh-1")
    set_keys(new, old)
    rotate_as_airflow_does()
    Keeper(1)._wanted()  # its first look
    set_keys(new)

    Keeper(1).refresh("crm")

    assert provider.forms == [{"grant_type": "refresh_token", "refresh_token": "refresh-0"}]


def test_a_rotation_that_nobody_waited_for_deletes_nothing(
    old: str, new: str, set_keys: SetKeys, provider: Provider
) -> None:
    set_keys(new, old)
    rotate_as_airflow_does()
    set_keys(new)

    Keeper(1).refresh("crm")

    assert provider.forms == []
    found = companion()
    assert found is not None
    assert found[0] == "access-0"
    assert "Set fernet_key to the new key, a comma and the former one" in found[1]["problem"]

    set_keys(new, old)
    provider.gives(refresh_token="refresh-1")
    Keeper(1).refresh("crm", at_once=True)
    kept = store.read("crm")
    assert kept is not None
    assert (kept.state, kept.refresh_token, kept.former_key) == (READY, "refresh-1", False)
    assert companion() is not None


@pytest.mark.parametrize(
    ("keys", "level", "says"),
    [
        ("old", Level.OK, "ready until"),
        ("new,old", Level.WARN, "Leave that key in fernet_key"),
        ("new", Level.FAIL, "a comma and the former one"),
    ],
)
def test_the_doctor_sees_it(  # noqa: PLR0917  one for each fixture
    old: str, new: str, set_keys: SetKeys, keys: str, level: Level, says: str
) -> None:
    set_keys(*({"old": old, "new": new}[key] for key in keys.split(",")))

    (finding,) = check_tokens.findings()

    assert finding.level is level
    assert says in f"{finding.finding} {finding.action}"
