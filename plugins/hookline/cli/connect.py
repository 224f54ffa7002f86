"""``airflow hookline connect``: get the tokens of an OAuth 2.0 Connection."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import UTC, datetime

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.tokens import consent, store
from hookline.tokens.connection import callback_url, load
from hookline.tokens.keeper import Keeper
from hookline.tokens.models import READY

PAUSE = 1.0


@suppress_logs_and_warning
@providers_configuration_loaded
def connect(args: Namespace) -> None:
    """Print the link to consent at and wait for the consent; without a person, get a token at once.

    :raises SystemExit: the Connection cannot be connected, or nobody consented in time.
    """
    conn_id = args.conn_id
    try:
        target = load(conn_id)
        if target.grant == "client_credentials":
            Keeper(poll=PAUSE).refresh(conn_id, at_once=True)
            _report(conn_id, None)
            return
        link = consent.begin(conn_id)
    except (ConfigurationError, BackendUnavailable) as error:
        raise SystemExit(f"{error}") from None
    print(f"Callback URL, to be registered with the provider:\n  {callback_url()}\n")
    print(f"Consent here, within {store.CONSENT_SECONDS // 60} minutes:\n  {link}\n", flush=True)
    if args.no_wait:
        return
    started = datetime.now(UTC)
    deadline = time.monotonic() + store.CONSENT_SECONDS
    while time.monotonic() < deadline:
        kept = store.read(conn_id)
        if kept and kept.obtained_at and kept.obtained_at >= started:
            break
        time.sleep(PAUSE)
    _report(conn_id, started)


def _report(conn_id: str, since: datetime | None) -> None:
    kept = store.read(conn_id)
    if kept is None or (since and not (kept.obtained_at and kept.obtained_at >= since)):
        raise SystemExit("Nobody consented in time. Run the command again for a new link.")
    if kept.state != READY:
        raise SystemExit(f"{conn_id} is not connected: {kept.error}")
    until = f"until {kept.expires_at:%Y-%m-%d %H:%M} UTC" if kept.expires_at else "without a stated end"
    renewed = (
        " and renewed before"
        if kept.refresh_token or since is None
        else "; the provider gave no refresh token"
    )
    print(f"{conn_id} is connected: scope {kept.scope or 'as asked for'}, token valid {until}{renewed}.")
