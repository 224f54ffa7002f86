"""Talking to an OAuth 2.0 provider, through requests-oauthlib; blocking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from hookline.exceptions import EgressRefused
from hookline.http import egress, environment, tls
from hookline.http.dialing import Adapter
from hookline.http.target import Target
from hookline.http.url import split
from hookline.tokens.grant import Grant, ProviderError

MAX_ANSWER_BYTES = 256 * 1024
VERIFIER_CHARS = 96


@dataclass(frozen=True)
class Begun:
    """A consent to be given at ``url``."""

    url: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(target: Target, redirect_uri: str, state: str) -> Begun:
    """Return where a person consents, with PKCE (RFC 7636, S256)."""
    client = WebApplicationClient(target.login)
    verifier = client.create_code_verifier(VERIFIER_CHARS)
    parameters = {
        "code_challenge": client.create_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
        **({"audience": target.audience} if target.audience else {}),
    }
    with _Session(target, redirect_uri=redirect_uri, scope=target.scope.split() or None) as session:
        url, _ = session.authorization_url(target.oauth_authorize_url, state=state, **parameters)
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
    except OAuth2Error as error:
        raise ProviderError(f"the provider refuses: {_printable(error.error)}", str(error.error)) from None
    except EgressRefused as error:
        raise ProviderError(str(error)) from None
    except requests.RequestException as error:
        raise ProviderError(f"the provider cannot be reached ({type(error).__name__})") from None
    except ValueError as error:
        raise ProviderError(f"the provider's answer cannot be read ({type(error).__name__})") from None


def _printable(text: object) -> str:
    return "".join(character for character in str(text)[:200] if character.isprintable())


class _Session(OAuth2Session):
    """Sends to checked addresses, follows nothing, reads a bounded answer."""

    def __init__(self, target: Target, **kwargs: Any) -> None:
        super().__init__(None if "client" in kwargs else target.login, **kwargs)
        self._target = target
        self.trust_env = False
        adapter = Adapter(target.allowed_networks)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        target = self._target
        proxy = environment.proxy(target, url)
        if proxy:
            egress.require_name(split(url, "oauth_exchange_url")[0].host, target.allowed_networks)
        kwargs |= {
            "timeout": (target.connect_timeout, target.timeout),
            "cert": tls.context(target),
            "verify": True,
            "proxies": {"http": proxy, "https": proxy} if proxy else {},
            "allow_redirects": False,
            "stream": True,
        }
        response = super().request(method, url, **kwargs)
        content = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
        response.close()
        if len(content) > MAX_ANSWER_BYTES:
            raise requests.exceptions.InvalidSchema("the answer is too large")
        response._content = content  # noqa: SLF001  what `content` would read without a bound
        response._content_consumed = True  # noqa: SLF001
        return response
