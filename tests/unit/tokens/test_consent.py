"""From the link to the tokens: what the browser brings back, and what the page says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from hookline.exceptions import ConfigurationError
from hookline.tokens import consent, store
from hookline.tokens.callback import Callback
from tests.unit.tokens.conftest import Provider

pytestmark = pytest.mark.usefixtures("tokens", "crm")


def browser(**query: str) -> httpx.Response:
    """Come back from the provider."""

    async def get() -> httpx.Response:
        app = FastAPI()
        app.add_api_route("/hooks/oauth/callback", Callback().answer, methods=["GET"])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://airflow"
        ) as client:
            return await client.get("/hooks/oauth/callback", params=query)

    return asyncio.run(get())


def begun() -> str:
    """Begin a consent and return its state."""
    return parse_qs(urlsplit(consent.begin("crm")).query)["state"][0]


def test_a_consent_ends_with_tokens(provider: Provider) -> None:
    provider.gives(refresh_token="refresh-1")

    page = browser(state=begun(), code="c")

    assert page.status_code == 200
    assert "crm is connected" in page.text
    kept = store.read("crm")
    assert kept is not None
    assert (kept.access_token, kept.refresh_token) == ("access-1", "refresh-1")
    assert len(provider.forms[0]["code_verifier"]) == 96


def test_a_state_works_once(provider: Provider) -> None:
    provider.gives()
    query = {"state": begun(), "code": "c"}

    assert browser(**query).status_code == 200
    again = browser(**query)

    assert again.status_code == 400
    assert "works once" in again.text
    assert len(provider.forms) == 1


@pytest.mark.parametrize(
    "query",
    [{}, {"code": "c"}, {"state": "forged", "code": "c"}, {"state": "x" * 5000, "code": "c"}, {"state": ""}],
    ids=["nothing", "no state", "forged", "endless", "empty"],
)
def test_a_state_that_was_never_given_is_refused(provider: Provider, query: dict[str, str]) -> None:
    begun()

    assert browser(**query).status_code == 400
    assert provider.forms == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"error": "access_denied"}, "gave no consent for crm (access_denied)"),
        ({"error": "<script>alert(1)</script>"}, "&lt;script&gt;"),
        ({"code": ""}, "gave no consent for crm"),
        ({"code": "c" * 5000}, "gave no consent for crm"),
        ({"error": "a\x1b[31m" + "b" * 500}, "(a[31mb"),
    ],
    ids=["denied", "markup", "no code", "endless code", "control characters"],
)
def test_a_consent_that_is_none(provider: Provider, query: dict[str, str], says: str) -> None:
    page = browser(state=begun(), **query)

    assert page.status_code == 400
    assert says in page.text
    assert "<script" not in page.text
    assert len(page.text) < 2000
    assert provider.forms == []


def test_a_code_that_the_provider_does_not_take(provider: Provider) -> None:
    provider.refuses()

    page = browser(state=begun(), code="c")

    assert page.status_code == 400
    assert "crm is not connected: the provider refuses: invalid_grant" in page.text
    assert store.read("crm") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "a\x00b"}, {"scope": "a\ud800b"}, {"scope": [1]}, {"scope": {"a": 1}},
        {"token_type": "\ud800"}, {"expires_in": "1e400"},
    ],
    ids=["NUL", "surrogate", "numbers", "object", "token type", "endless"],
)  # fmt: skip
def test_what_a_provider_says_besides_ends_no_consent(provider: Provider, fields: dict[str, Any]) -> None:
    provider.gives(**fields)

    assert browser(state=begun(), code="c").status_code in {200, 400}


def test_the_page_is_kept_by_nobody_and_framed_by_nobody() -> None:
    headers = browser().headers

    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"


def test_states_are_not_alike() -> None:
    assert len({begun() for _ in range(20)}) == 20


def test_a_machine_needs_no_consent(crm: Callable[..., str]) -> None:
    crm(grant="client_credentials", oauth_authorize_url=None)

    with pytest.raises(
        ConfigurationError, match=re.escape("grant client_credentials needs nobody's consent")
    ):
        consent.begin("crm")
