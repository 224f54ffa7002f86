"""Talking to an OAuth 2.0 provider, through requests-oauthlib; blocking."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import requests
import urllib3
from oauthlib.oauth2 import (
    BackendApplicationClient,
    InsecureTransportError,
    OAuth2Error,
    WebApplicationClient,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from hookline.exceptions import ConfigurationError
from hookline.http import egress, environment, tls
from hookline.http.deadline import within
from hookline.http.dialing import Adapter
from hookline.http.exchange import CHUNK_BYTES
from hookline.http.target import Target
from hookline.http.url import split
from hookline.protocol.decoding import BrokenEncoding, Decoder
from hookline.tokens.grant import Grant, ProviderError

MAX_ANSWER_BYTES = 256 * 1024
ANSWER_SECONDS = 45.0
"""From connecting to the last byte; well below the keeper's lease."""
LONGEST_PAUSE = 30.0
VERIFIER_CHARS = 96

# They write requests with their secrets, and answers, to the log.
for _name in ("requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)


@dataclass(frozen=True)
class Begun:
    """A consent to be given at ``url``."""

    url: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(target: Target, redirect_uri: str, state: str) -> Begun:
    """Return where a person consents, with PKCE (RFC 7636, S256).

    :raises ConfigurationError: the address has no https.
    """
    client = WebApplicationClient(target.login)
    verifier = client.create_code_verifier(VERIFIER_CHARS)
    parameters = {
        "code_challenge": client.create_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
        **({"audience": target.audience} if target.audience else {}),
    }
    with _Session(target, redirect_uri=redirect_uri, scope=target.scope.split() or None) as session:
        try:
            url, _ = session.authorization_url(target.oauth_authorize_url, state=state, **parameters)
        except InsecureTransportError:
            raise ConfigurationError("the Authorization URL has to begin with https://") from None
    return Begun(url, verifier)


def redeem(target: Target, code: str, verifier: str, redirect_uri: str) -> Grant:
    """Exchange a code for tokens (RFC 6749 section 4.1.3).

    :raises ProviderError: the provider gave none.
    """
    with _Session(target, redirect_uri=redirect_uri) as session:
        return Grant.of(
            _asked(
                lambda: session.fetch_token(
                    target.oauth_exchange_url, code=code, code_verifier=verifier, **_client(target)
                )
            )
        )


def refresh(target: Target, refresh_token: str) -> Grant:
    """Exchange a refresh token for new tokens (RFC 6749 section 6).

    :raises ProviderError: the provider gave none.
    """
    client = _client(target)
    secret = {"client_id": target.login, **client} if "auth" not in client else client
    secret.pop("include_client_id", None)
    with _Session(target) as session:
        answer = _asked(
            lambda: session.refresh_token(target.oauth_exchange_url, refresh_token=refresh_token, **secret)
        )
    return Grant.of(answer, refresh_token)


def client_credentials(target: Target) -> Grant:
    """Get a token for the client itself (RFC 6749 section 4.4).

    :raises ProviderError: the provider gave none.
    """
    wanted = {"scope": target.scope, "audience": target.audience}
    with _Session(target, client=BackendApplicationClient(target.login)) as session:
        return Grant.of(
            _asked(
                lambda: session.fetch_token(
                    target.oauth_exchange_url,
                    **{name: value for name, value in wanted.items() if value},
                    **_client(target),
                )
            )
        )


def _client(target: Target) -> dict[str, Any]:
    if target.client_authentication == "basic" and target.password:
        # Encoded as RFC 6749 section 2.3.1 has it.
        return {"auth": HTTPBasicAuth(quote_plus(target.login), quote_plus(target.password))}
    secret = {"client_secret": target.password} if target.password else {}
    return {"include_client_id": True, **secret}


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except InsecureTransportError:
        raise ProviderError("the Access token URL has to begin with https://") from None
    except OAuth2Error as error:
        raise ProviderError(f"the provider refuses: {_printable(error.error)}", str(error.error)) from None
    except (ConfigurationError, BrokenEncoding) as error:
        raise ProviderError(str(error)) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise ProviderError(f"the provider cannot be reached ({type(error).__name__})") from None
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        # oauthlib takes what is JSON to be an object of the right types.
        raise ProviderError(f"the provider's answer cannot be read ({type(error).__name__})") from None


def _printable(text: object) -> str:
    return "".join(character for character in str(text)[:200] if character.isprintable())


class _Session(OAuth2Session):
    """Sends to checked addresses, follows nothing, reads a bounded answer."""

    def __init__(self, target: Target, **kwargs: Any) -> None:
        super().__init__(None if "client" in kwargs else target.login, **kwargs)
        self._target = target
        self.trust_env = False

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        target = self._target
        proxy = environment.proxy(target, url)
        if proxy:
            egress.require_name(split(url, "oauth_exchange_url")[0].host, target.allowed_networks)
        kwargs |= {
            "timeout": tuple(min(LONGEST_PAUSE, limit) for limit in (target.connect_timeout, target.timeout)),
            "cert": tls.context(target),
            "verify": True,
            "proxies": {"http": proxy, "https": proxy} if proxy else {},
            "allow_redirects": False,
            "stream": True,
        }
        adapter = Adapter(target.allowed_networks)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        pause, end = min(LONGEST_PAUSE, target.timeout), time.monotonic() + ANSWER_SECONDS
        try:
            with within(lambda: min(pause, end - time.monotonic())):
                return self._exchanged(method, url, **kwargs)
        finally:
            if time.monotonic() >= end:
                raise ProviderError(
                    f"the provider's answer was not complete after {ANSWER_SECONDS:.0f} s"
                ) from None

    def _exchanged(self, method: str, url: str, **kwargs: Any) -> Any:
        response: Any = super().request(method, url, **kwargs)
        with contextlib.closing(response):
            status = response.status_code
            if 300 <= status < 400 or status >= 500:
                raise ProviderError(f"the provider answers {status}; check the Access token URL")
            response._content = _bounded(response)  # noqa: SLF001  what `content` would read without a bound
            response._content_consumed = True  # noqa: SLF001
        return response


def _bounded(response: requests.Response) -> bytes:
    decoder = Decoder(response.headers.get("Content-Encoding"))
    content = bytearray()
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        for piece in decoder.feed(chunk):
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise ProviderError(f"the provider's answer is over {MAX_ANSWER_BYTES} bytes")
    decoder.finish()
    return bytes(content)
