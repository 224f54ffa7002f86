"""The keeper against a real endpoint and real databases: who asks, how often, and what is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from hookline.database import engine
from hookline.http.companion import fingerprint
from hookline.tokens import store
from hookline.tokens.grant import Grant
from hookline.tokens.keeper import LEAST_BETWEEN, Keeper
from hookline.tokens.models import FAILING, NEEDS_CONSENT, READY, KeptToken
from tests.unit.tokens.conftest import Provider, companion, connection, demand

pytestmark = pytest.mark.usefixtures("tokens", "crm")
OLD = Grant("access-0", "refresh-0", 3600.0)
MACHINE = {"grant": "client_credentials", "oauth_authorize_url": None}


def until(condition: Callable[[], bool], *keepers: Keeper) -> None:
    """Run the keepers until ``condition`` holds."""

    async def run() -> None:
        tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
        try:
            async with asyncio.timeout(20):
                while not await asyncio.to_thread(condition):
                    for ended in filter(asyncio.Task.done, tasks):
                        ended.result()
                    await asyncio.sleep(0.02)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


def kept() -> store.Kept:
    found = store.read("crm")
    assert found is not None
    return found


def long_ago() -> None:
    with Session(engine()) as session, session.begin():
        session.execute(update(KeptToken).values(refreshed_at=datetime.now(UTC) - LEAST_BETWEEN))


def test_a_rejected_token_is_refreshed_and_the_new_refresh_token_kept(provider: Provider) -> None:
    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)
    long_ago()
    demand(fingerprint("access-0"))

    until(lambda: kept().access_token == "access-1", Keeper(0.05))

    assert provider.forms == [{"grant_type": "refresh_token", "refresh_token": "refresh-0"}]
    assert kept().refresh_token == "refresh-1"
    assert store.demands() == {}
    found = companion()
    assert found is not None
    assert found[0] == "access-1"


def test_keepers_of_several_replicas_ask_once(provider: Provider) -> None:
    gate = threading.Event()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        gate.wait(0.3)  # so that all keepers see the demand meanwhile
        content = json.dumps({"access_token": "access-1", "refresh_token": "refresh-1"}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    provider.answers.append(slowly)
    store.keep("crm", OLD)
    long_ago()
    demand(fingerprint("access-0"))

    until(lambda: kept().access_token == "access-1", *(Keeper(0.05) for _ in range(4)))

    assert [form["refresh_token"] for form in provider.forms] == ["refresh-0"]


def test_refreshing_at_the_same_moment_asks_once(provider: Provider) -> None:
    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)
    together = threading.Barrier(6)

    def refresh() -> None:
        together.wait()
        Keeper(1).refresh("crm", fingerprint("access-0"))

    threads = [threading.Thread(target=refresh) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [form["refresh_token"] for form in provider.forms] == ["refresh-0"]


def test_a_token_is_refreshed_ahead_of_its_end(provider: Provider) -> None:
    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)
    long_ago()
    with Session(engine()) as session, session.begin():
        session.execute(update(KeptToken).values(refresh_at=datetime.now(UTC)))

    until(lambda: kept().access_token == "access-1", Keeper(0.05))


def test_somebody_else_takes_over_after_a_crash(provider: Provider) -> None:
    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)
    long_ago()
    assert store.claim("crm", "a replica that dies", 0.2)
    demand(fingerprint("access-0"))

    until(lambda: kept().access_token == "access-1", Keeper(0.05))


@pytest.mark.parametrize("rejected", ["none", "older", ""])
def test_who_saw_an_older_token_is_shown_the_new_one(provider: Provider, rejected: str) -> None:
    store.keep("crm", OLD)
    long_ago()
    with Session(engine()) as session, session.begin():
        session.execute(text("DELETE FROM connection"))
    demand(rejected)

    until(lambda: companion() is not None, Keeper(0.05))

    assert provider.forms == []
    assert store.demands() == {}


def test_rejections_do_not_make_the_server_ask_without_pause(provider: Provider) -> None:
    store.keep("crm", OLD)
    demand(fingerprint("access-0"))

    keeper = Keeper(0.02)
    assert keeper._wanted() == {"crm": fingerprint("access-0")}
    keeper._serve("crm", fingerprint("access-0"))
    assert provider.forms == []
    assert store.demands() == {"crm": fingerprint("access-0")}  # it waits for its time

    provider.gives()
    long_ago()
    keeper._serve("crm", fingerprint("access-0"))
    assert len(provider.forms) == 1


def test_a_refresh_token_stays_where_the_answer_has_none(provider: Provider) -> None:
    provider.gives()
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")

    assert (kept().access_token, kept().refresh_token) == ("access-1", "refresh-0")


def test_a_consent_that_was_taken_back(provider: Provider) -> None:
    provider.refuses()
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")

    assert kept().state == NEEDS_CONSENT
    found = companion()
    assert found is not None
    assert "`airflow hookline connect crm`" in found[1]["problem"]
    assert "invalid_grant" in found[1]["problem"]

    Keeper(1).refresh("crm")
    assert len(provider.forms) == 1, "nothing is left to ask with"


def test_a_consent_given_meanwhile_is_not_thrown_away(provider: Provider) -> None:
    def meanwhile(handler: BaseHTTPRequestHandler) -> None:
        store.keep("crm", Grant("access-9", "refresh-9"), consented=True)
        content = b'{"error": "invalid_grant"}'
        handler.send_response(400)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    provider.answers.append(meanwhile)
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")

    assert (kept().state, kept().access_token) == (READY, "access-9")


@pytest.mark.parametrize("error", ["invalid_client", "temporarily_unavailable", "invalid_scope"])
def test_another_refusal_is_tried_again_later(provider: Provider, error: str) -> None:
    provider.refuses(error)
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")

    assert (kept().state, kept().refresh_token) == (FAILING, "refresh-0")
    assert kept().error == f"the provider refuses: {error}"


def test_a_client_s_own_token_is_fetched_when_it_is_wanted(
    provider: Provider, crm: Callable[..., str]
) -> None:
    crm(**MACHINE, scope="contacts", audience="https://api")
    provider.gives()
    demand("none")

    until(lambda: store.read("crm") is not None and kept().access_token == "access-1", Keeper(0.05))

    assert provider.forms == [
        {"grant_type": "client_credentials", "scope": "contacts", "audience": "https://api"}
    ]


def test_what_a_provider_gave_outlives_a_database_that_does_not_answer(
    provider: Provider, tokens: str
) -> None:
    back = threading.Timer(0.5, lambda: rename("away", "hookline_token"))

    def rename(old: str, new: str) -> None:
        with engine().begin() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    def breaking(handler: BaseHTTPRequestHandler) -> None:
        rename("hookline_token", "away")
        back.start()
        content = b'{"access_token": "access-1", "refresh_token": "refresh-1"}'
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    provider.answers.append(breaking)
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")
    back.join()

    assert kept().refresh_token == "refresh-1"


def test_strangers_names_leave_nothing_behind(provider: Provider) -> None:
    for name in ("nobody", "../x", "x" * 200, "a b"):
        demand("none", name)

    until(lambda: store.demands() == {}, Keeper(0.05))

    assert store.kept() == []


def test_without_a_key_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    from airflow.models.crypto import get_fernet

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "")
    get_fernet.cache_clear()

    with capture_logs() as logs:
        Keeper(1).refresh("crm")

    assert "[core] fernet_key" in logs[0]["reason"]
    assert store.kept() == []


def test_the_client_may_be_in_a_secrets_backend(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, tmp_path: Path
) -> None:
    from airflow import configuration

    monkeypatch.delenv("AIRFLOW_CONN_CRM")
    (tmp_path / "connections.json").write_text(json.dumps({"crm": connection(provider.url)}))
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "airflow.secrets.local_filesystem.LocalFilesystemBackend")
    kwargs = json.dumps({"connections_file_path": str(tmp_path / "connections.json")})
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
    monkeypatch.setattr(configuration, "secrets_backend_list", configuration.initialize_secrets_backends())
    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")

    assert kept().access_token == "access-1"
    assert provider.authorizations == ["Basic Y2xpZW50OmNsaWVudC1zM2NyZXQ="]


def test_no_log_line_has_a_secret(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    provider.gives(refresh_token="refresh-1")
    store.keep("crm", OLD)

    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        Keeper(1).refresh("crm")

    said = repr(logs) + caplog.text
    assert "token refreshed" in said
    assert not [word for word in ("access-1", "refresh-0", "refresh-1", "client-s3cret") if word in said]


def test_a_slow_provider_does_not_stop_the_loop(
    provider: Provider, crm: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    provider.answers.append(lambda _handler: done.wait(10))
    crm(timeout=0.3)
    store.keep("crm", OLD)

    Keeper(1).refresh("crm")
    done.set()

    assert kept().error == "the provider cannot be reached (ReadTimeout)"


def test_the_loop_outlives_an_answer_of_any_kind(provider: Provider) -> None:
    provider.answers.append((200, {}, b"[1]"))
    provider.gives()
    store.keep("crm", OLD)
    keeper = Keeper(1)

    keeper.refresh("crm")
    assert kept().state == FAILING
    with Session(engine()) as session, session.begin():
        session.execute(update(KeptToken).values(lease_until=None))
    keeper.refresh("crm")
    assert kept().state == READY
