"""What a provider may answer, and what it is asked with."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hookline.exceptions import ConfigurationError
from hookline.http.target import Target, from_fields
from hookline.tokens import provider as providers
from hookline.tokens.grant import ProviderError
from tests.unit.tokens.conftest import Provider, connection

Ask = Callable[[Target], Any]
ASK: dict[str, Ask] = {
    "refresh": lambda target: providers.refresh(target, "refresh-0"),
    "code": lambda target: providers.redeem(target, "the-code", "v" * 96, "https://airflow/callback"),
    "client": providers.client_credentials,
}


def target(url: str, **extra: Any) -> Target:
    fields = connection(url, **extra)
    return from_fields(**{name: fields[name] for name in ("host", "login", "password", "extra")})


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def drip_of_a_header(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(1000):
        handler.wfile.write(b"a")
        handler.wfile.flush()
        time.sleep(0.02)


def broken(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")


JSON = {"Content-Type": "application/json"}
ANSWERS: dict[str, tuple[Any, str]] = {
    "nothing": ((200, {}, b""), "the provider refuses: missing_token"),
    "HTML": ((200, {"Content-Type": "text/html"}, b"<html>"), "the provider refuses: missing_token"),
    "half a document": ((200, JSON, b'{"access_token"'), "missing_token|cannot be read"),
    "a list": ((200, JSON, b"[1]"), "the provider's answer cannot be read"),
    "null": ((200, JSON, b"null"), "the provider's answer cannot be read"),
    "a number": ((200, JSON, b"7"), "the provider's answer cannot be read"),
    "depth": ((200, JSON, b"[" * 100_000), "cannot be read|missing_token"),
    "a token that is a list": ((200, JSON, b'{"access_token": ["a"]}'), "no access token|cannot be read"),
    "a token that is a header": ((200, JSON, b'{"access_token": "a\\r\\nX: 1"}'), "no access token"),
    "a lifetime that is a list": ((200, JSON, b'{"access_token": "a", "expires_in": [1]}'), "cannot be read"),
    "bytes": ((200, {}, b"\xff\xfe\x00"), "missing_token|cannot be read"),
    "too much": ((200, JSON, b" " * 300_000), "over 262144 bytes"),
    "a redirect": ((302, {"Location": "http://169.254.169.254/"}, b""), "the provider answers 302"),
    "a failure": ((503, {}, b"busy"), "the provider answers 503; check the Access token URL"),
    "a refusal": ((400, JSON, b'{"error": "invalid_grant"}'), "the provider refuses: invalid_grant"),
    "a refusal with markup": ((400, JSON, b'{"error": "a\\u0000\\u001b[31m"}'), r"refuses: a\[31m$"),
    "broken compression": ((200, {"Content-Encoding": "gzip"}, b"{}"), "cannot be decompressed"),
    "a broken connection": (broken, "the provider cannot be reached|cannot be read|missing_token"),
    "a drip": (drip, r"was not complete after 0 s"),
    "a drip of a header": (drip_of_a_header, r"was not complete after 0 s"),
}


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_without_a_token_is_one_error(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, name: str, ask: str
) -> None:
    answer, says = ANSWERS[name]
    provider.answers.append(answer)
    # Time enough for every other answer, also on a busy machine.
    monkeypatch.setattr(providers, "ANSWER_SECONDS", 0.2 if "drip" in name else 10.0)

    with pytest.raises(ProviderError, match=says) as raised:
        ASK[ask](target(provider.url))
    assert "s3cret" not in str(raised.value)
    assert len(provider.forms) == 1


FORMS = {
    "refresh": {"grant_type": "refresh_token", "refresh_token": "refresh-0"},
    "code": {
        "grant_type": "authorization_code", "code": "the-code", "code_verifier": "v" * 96,
        "redirect_uri": "https://airflow/callback",
    },
    "client": {"grant_type": "client_credentials"},
}  # fmt: skip


@pytest.mark.parametrize("where", ["basic", "body"])
@pytest.mark.parametrize("ask", ASK)
def test_the_client_says_who_it_is_in_one_place(provider: Provider, ask: str, where: str) -> None:
    provider.gives(refresh_token="refresh-1")

    grant = ASK[ask](target(provider.url, client_authentication=where))

    assert (grant.access_token, grant.refresh_token, grant.lifetime) == ("access-1", "refresh-1", 3600.0)
    client = {"client_id": "client", "client_secret": "client-s3cret"}
    assert provider.forms == [FORMS[ask] | (client if where == "body" else {})]
    assert (provider.authorizations[0] is not None) is (where == "basic")


def test_a_public_client_has_no_secret(provider: Provider) -> None:
    provider.gives()
    fields = connection(provider.url)

    public = from_fields(host=fields["host"], login="client", extra=fields["extra"])
    providers.redeem(public, "the-code", "v" * 96, "https://airflow/callback")

    assert provider.forms[0] == {**FORMS["code"], "client_id": "client"}


def test_the_link_carries_state_and_challenge() -> None:
    begun = providers.begin(
        target("https://login.example.com", scope="a b", audience="https://api"), "https://airflow/cb", "st"
    )

    query = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    challenge = query.pop("code_challenge")
    assert query == {
        "response_type": "code", "client_id": "client", "redirect_uri": "https://airflow/cb", "state": "st",
        "scope": "a b", "audience": "https://api", "code_challenge_method": "S256",
    }  # fmt: skip
    assert (len(challenge), len(begun.verifier)) == (43, 96)
    assert begun.verifier not in begun.url + repr(begun)


def test_without_https_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)

    with pytest.raises(ConfigurationError, match="Authorization URL has to begin with https://"):
        providers.begin(target("http://login.example.com"), "https://airflow/cb", "st")
    for ask in ASK.values():
        with pytest.raises(ProviderError, match="Access token URL has to begin with https://"):
            ask(target("http://login.example.com"))


def test_a_provider_that_is_no_public_address_is_not_asked(provider: Provider) -> None:
    for ask in ASK.values():
        with pytest.raises(ProviderError, match="is not a public address"):
            ask(target(provider.url, allowed_networks=""))
    assert provider.forms == []


def test_the_libraries_log_nothing_of_it(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    provider.gives(refresh_token="refresh-1")

    with caplog.at_level(logging.DEBUG):
        for ask in ASK.values():
            ask(target(provider.url))

    words = ("access-1", "refresh-0", "refresh-1", "the-code", "client-s3cret", "vvv")
    assert not [word for word in words if word in caplog.text]
