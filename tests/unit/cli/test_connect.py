"""``airflow hookline connect``: the link, the wait, and what it says in the end."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hookline.cli import connect as command
from hookline.tokens import consent, store
from tests.unit.tokens.conftest import Provider

pytestmark = pytest.mark.usefixtures("tokens")
Run = Callable[..., Any]
Captured = pytest.CaptureFixture[str]


def test_the_link_and_the_callback_are_printed(hookline: Run, crm: Run, capsys: Captured) -> None:
    hookline("connect", crm(scope="contacts"), "--no-wait")

    said = capsys.readouterr().out
    assert (
        "Callback URL, to be registered with the provider:\n  http://localhost:8080/hooks/oauth/callback"
        in said
    )
    link = re.search(r"http\S+/auth\?\S+", said)
    assert link
    assert parse_qs(urlsplit(link[0]).query)["scope"] == ["contacts"]
    assert "within 10 minutes" in said
    assert "client-s3cret" not in said


def test_the_command_waits_for_the_consent(
    hookline: Run, crm: Run, provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    provider.gives(refresh_token="refresh-1", scope="contacts")
    monkeypatch.setattr(command, "PAUSE", 0.05)
    begin = consent.begin

    def consenting(conn_id: str) -> str:
        link = begin(conn_id)
        state = parse_qs(urlsplit(link).query)["state"][0]
        threading.Timer(0.1, consent.end, (state, "the-code", None)).start()
        return link

    monkeypatch.setattr(consent, "begin", consenting)
    hookline("connect", crm())

    said = capsys.readouterr().out
    assert re.search(r"crm is connected: scope contacts, token valid until .* UTC and renewed before\.", said)
    assert not [word for word in ("access-1", "refresh-1", "client-s3cret") if word in said]


def test_nobody_consents(hookline: Run, crm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PAUSE", 0.01)
    monkeypatch.setattr(store, "CONSENT_SECONDS", 0.05)

    with pytest.raises(SystemExit, match="Nobody consented in time"):
        hookline("connect", crm())


def test_a_machine_is_connected_at_once(
    hookline: Run, crm: Run, provider: Provider, capsys: Captured
) -> None:
    provider.gives(expires_in=None)

    hookline("connect", crm(grant="client_credentials", oauth_authorize_url=None))

    said = capsys.readouterr().out
    assert (
        "crm is connected: scope as asked for, token valid without a stated end and renewed before." in said
    )


def test_a_provider_that_refuses_is_named(hookline: Run, crm: Run, provider: Provider) -> None:
    provider.refuses("invalid_client")

    with pytest.raises(SystemExit, match="crm is not connected: the provider refuses: invalid_client"):
        hookline("connect", crm(grant="client_credentials", oauth_authorize_url=None))


def test_who_mended_the_client_need_not_wait(
    hookline: Run, crm: Run, provider: Provider, capsys: Captured
) -> None:
    conn_id = crm(grant="client_credentials", oauth_authorize_url=None)
    for _ in range(5):
        store.fail(conn_id, "the provider refuses: invalid_client")
    provider.gives()

    hookline("connect", conn_id)

    assert "crm is connected" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("conn_id", "says"),
    [("nobody", "There is no Connection `nobody`"), ("a b", "There is no Connection `a b`")],
)
def test_what_is_no_connection(hookline: Run, conn_id: str, says: str) -> None:
    with pytest.raises(SystemExit, match=says):
        hookline("connect", conn_id)


def test_an_address_without_https_is_named(hookline: Run, crm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")

    with pytest.raises(SystemExit, match="Authorization URL has to begin with https://"):
        hookline("connect", crm())
