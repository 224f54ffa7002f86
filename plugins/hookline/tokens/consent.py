"""The consent of a person: begun on the command line, ended by the browser's return."""

from __future__ import annotations

import secrets

from hookline.exceptions import ConfigurationError, HooklineError
from hookline.tokens import provider, store
from hookline.tokens.connection import callback_url, load
from hookline.tokens.grant import ProviderError

MAX_CODE_CHARS = 4096


class ConsentRefused(HooklineError):
    """The browser's return does not end a consent; the message is for the person in front of it."""


def begin(conn_id: str) -> str:
    """Return the link at which a person consents; blocking.

    :raises ConfigurationError: the Connection is not one that a person consents to.
    """
    target = load(conn_id)
    if target.grant != "authorization_code":
        raise ConfigurationError(f"Connection `{conn_id}`: grant {target.grant} needs nobody's consent.")
    state, redirect_uri = secrets.token_urlsafe(32), callback_url()
    begun = provider.begin(target, redirect_uri, state)
    store.begin_consent(conn_id, state, begun.verifier, redirect_uri)
    return begun.url


def end(state: str | None, code: str | None, error: str | None) -> str:
    """Exchange the code and keep the tokens; return the Connection's id; blocking.

    :raises ConsentRefused: a state that was never given, used or is too old; the person or the provider said
        no.
    """
    begun = store.end_consent(state) if state and len(state) <= 200 else None
    if begun is None:
        raise ConsentRefused(
            "This link is not, or no longer, valid: it works once, and for ten minutes. Start again with "
            "airflow hookline connect."
        )
    conn_id, verifier, redirect_uri = begun
    if error or not code or len(code) > MAX_CODE_CHARS:
        said = f" ({''.join(c for c in error[:100] if c.isprintable())})" if error else ""
        raise ConsentRefused(
            f"The provider gave no consent for {conn_id}{said}. Start again with airflow hookline connect."
        )
    try:
        grant = provider.redeem(load(conn_id), code, verifier, redirect_uri)
    except (ProviderError, ConfigurationError) as problem:
        raise ConsentRefused(
            f"{conn_id} is not connected: {problem}. Start again with airflow hookline connect."
        ) from None
    store.keep(conn_id, grant, consented=True)
    return conn_id
