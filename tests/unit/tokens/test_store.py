"""What is kept of tokens and consents, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.http.companion import fingerprint
from hookline.tokens import rotation, store
from hookline.tokens.grant import Grant
from hookline.tokens.models import FAILING, NEEDS_CONSENT, READY, UNREADABLE, Consent, KeptToken
from tests.unit.tokens.conftest import companion, demand

pytestmark = pytest.mark.usefixtures("tokens")
GRANT = Grant("access-1", "refresh-1", 3600.0, "contacts")


def everything() -> str:
    """Return all that the database holds, as text."""
    tables = ("hookline_token", "hookline_consent", "connection", "variable")
    with engine().connect() as connection:
        return repr([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])


def rewind(**times: datetime) -> None:
    with Session(engine()) as session, session.begin():
        session.execute(update(KeptToken).values(**times))


def kept() -> store.Kept:
    found = store.read("crm")
    assert found is not None
    return found


def test_a_grant_is_kept_and_its_access_token_ready() -> None:
    demand("none")

    store.keep("crm", GRANT, consented=True)

    one = kept()
    assert (one.state, one.access_token, one.refresh_token, one.scope) == (
        READY, "access-1", "refresh-1", "contacts",
    )  # fmt: skip
    assert one.fingerprint == fingerprint("access-1")
    assert one.expires_at is not None
    assert timedelta(minutes=59) < one.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    found = companion()
    assert found is not None
    assert found[0] == "access-1"
    assert store.demands() == {}


def test_the_companion_never_holds_the_refresh_token() -> None:
    store.keep("crm", GRANT)

    assert "refresh-1" not in repr(companion())


def test_nothing_secret_is_readable_in_the_database() -> None:
    store.keep("crm", GRANT)
    store.begin_consent("crm", "the-state", "the-verifier", "https://airflow/hooks/oauth/callback")

    stored = everything()

    assert not [word for word in ("access-1", "refresh-1", "the-state", "the-verifier") if word in stored]


def test_a_rotated_refresh_token_takes_the_place_of_the_old() -> None:
    store.keep("crm", GRANT, consented=True)
    before = kept().obtained_at

    store.keep("crm", Grant("access-2", "refresh-2", 60.0))

    assert (kept().access_token, kept().refresh_token, kept().scope) == ("access-2", "refresh-2", "contacts")
    assert kept().obtained_at == before


def test_a_consent_that_is_gone_says_so_where_tasks_look() -> None:
    store.keep("crm", GRANT)
    demand("x")

    store.refuse("crm", "connect again")

    assert (kept().state, kept().access_token, kept().refresh_token) == (NEEDS_CONSENT, "", "")
    found = companion()
    assert found is not None
    assert (found[0] or "", found[1]["problem"]) == ("", "connect again")
    assert store.demands() == {}


def test_a_failure_keeps_the_tokens_and_pauses() -> None:
    store.keep("crm", GRANT)

    store.fail("crm", "busy")

    assert (kept().state, kept().refresh_token, kept().error) == (FAILING, "refresh-1", "busy")
    assert not store.claim("crm", "another", 60)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (3, 8), (20, 300)])
def test_pauses_grow_up_to_a_bound(failures: int, seconds: float) -> None:
    for _ in range(failures):
        store.fail("crm", "busy")

    with Session(engine()) as session:
        until = session.get_one(KeptToken, "crm").lease_until
    assert until is not None
    assert seconds - 2 < (until - datetime.now(UTC)).total_seconds() <= seconds


def test_a_companion_that_is_gone_is_shown_again() -> None:
    store.keep("crm", GRANT)
    with Session(engine()) as session, session.begin():
        session.execute(text("DELETE FROM connection"))

    store.show_again("crm")

    found = companion()
    assert found is not None
    assert found[0] == "access-1"


def test_somebody_s_own_connection_is_left_alone() -> None:
    with Session(engine()) as session, session.begin():
        session.add(Connection(conn_id="crm__token", conn_type="postgres", password="mine"))

    store.keep("crm", GRANT)

    assert companion() == ("mine", {})
    assert kept().refresh_token == "refresh-1"


def test_one_of_many_takes_the_lease() -> None:
    store.fail("crm", "so that there is a row")
    rewind(lease_until=datetime.now(UTC) - timedelta(seconds=1))
    together, taken = threading.Barrier(8), []

    def claim(number: int) -> None:
        together.wait()
        taken.append(store.claim("crm", f"replica-{number}", 60))

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False] * 7 + [True]


def test_a_lease_ends_by_itself() -> None:
    assert store.claim("crm", "dies", 60)
    assert not store.claim("crm", "waits", 60)

    rewind(lease_until=datetime.now(UTC) - timedelta(seconds=1))

    assert store.claim("crm", "waits", 60)


def test_a_lease_is_given_back_by_its_holder_only() -> None:
    assert store.claim("crm", "holder", 60)

    store.release("crm", "another")
    assert not store.claim("crm", "waits", 60)
    store.release("crm", "holder")
    assert store.claim("crm", "waits", 60)


def test_what_is_due() -> None:
    store.keep("crm", GRANT)
    store.keep("forever", Grant("access-1"))
    assert store.due() == {}

    rewind(refresh_at=datetime.now(UTC) - timedelta(seconds=1))
    assert store.due() == dict.fromkeys(("crm", "forever"), fingerprint("access-1"))

    store.claim("crm", "replica", 60)
    assert list(store.due()) == ["forever"]


@pytest.mark.parametrize("value", ["none", "", "a" * 5000, "ü"])
def test_demands_are_read_as_they_were_written(value: str) -> None:
    demand(value)
    demand("other", "b")

    assert store.demands() == {"crm": value, "b": "other"}


def test_another_variable_is_no_demand() -> None:
    with Session(engine()) as session, session.begin():
        from airflow.models.variable import Variable

        session.add(Variable(key="hooklineXrefresh__crm", val="x"))
    assert store.demands() == {}


@pytest.fixture
def another_key(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Change Airflow's Fernet key, as an administrator without a backup would."""

    def change() -> None:
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
        get_fernet.cache_clear()

    return change


def test_what_another_key_encrypted_is_not_read_as_nothing(another_key: Any) -> None:
    store.keep("crm", GRANT)
    demand("x")

    another_key()

    assert (kept().state, kept().access_token, kept().refresh_token) == (UNREADABLE, "", "")
    assert store.demands() == {"crm": ""}


def test_what_another_key_encrypted_is_not_written_over(another_key: Any) -> None:
    store.keep("crm", GRANT)
    before = everything()

    another_key()
    store.show_again("crm")
    rotation.encrypt_again()

    assert everything() == before


def test_a_failure_tells_waiting_tasks_where_nobody_but_a_person_can_help() -> None:
    store.keep("crm", GRANT)
    demand("x")

    store.fail("crm", "add the key", tell=True)

    found = companion()
    assert found is not None
    assert (found[0], found[1]["problem"]) == ("access-1", "add the key")
    assert store.demands() == {}


# Consents


def test_a_consent_ends_once() -> None:
    store.begin_consent("crm", "state", "verifier", "uri")

    assert store.end_consent("state") == ("crm", "verifier", "uri")
    assert store.end_consent("state") is None


@pytest.mark.parametrize("state", ["another", "", "\ud800", "STATE"])
def test_a_state_that_was_never_given_ends_none(state: str) -> None:
    store.begin_consent("crm", "state", "verifier", "uri")

    assert store.end_consent(state) is None
    assert store.end_consent("state") is not None


def test_of_two_returns_at_the_same_moment_one_ends_the_consent() -> None:
    store.begin_consent("crm", "state", "verifier", "uri")
    together, ended = threading.Barrier(4), []

    def end() -> None:
        together.wait()
        ended.append(store.end_consent("state"))

    threads = [threading.Thread(target=end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one for one in ended if one] == [("crm", "verifier", "uri")]


def test_a_consent_that_is_too_old_ends_none_and_is_forgotten() -> None:
    store.begin_consent("crm", "state", "verifier", "uri")
    store.begin_consent("crm", "other", "verifier", "uri")
    with Session(engine()) as session, session.begin():
        session.execute(update(Consent).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))

    assert store.end_consent("state") is None
    store.begin_consent("crm", "third", "verifier", "uri")
    with Session(engine()) as session:
        assert session.query(Consent).count() == 1
