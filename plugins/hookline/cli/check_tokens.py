"""Doctor's look at OAuth 2.0: Connections that a person has to connect, tokens that cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

from hookline.cli.finding import Finding, fail, ok, warn
from hookline.tokens import store
from hookline.tokens.connection import other_key
from hookline.tokens.models import NEEDS_CONSENT, READY, UNREADABLE


def findings() -> Iterator[Finding]:
    """Yield one finding for each Connection whose tokens are kept."""
    for conn_id in store.kept():
        yield _token(conn_id)


def _token(conn_id: str) -> Finding:
    subject = f"token {conn_id}"
    kept = store.read(conn_id)
    if kept is not None and kept.state == UNREADABLE:
        finding, action = other_key(conn_id).split("; nothing was deleted. ")
        return fail(subject, finding, action)
    if kept is not None and kept.former_key:
        return warn(
            subject,
            "encrypted with a former key of [core] fernet_key",
            "Leave that key in fernet_key; the keeper encrypts with the first one at its start and hourly.",
        )
    if kept is None or kept.state == READY:
        until = kept.expires_at.isoformat(timespec="seconds") if kept and kept.expires_at else "it is refused"
        return ok(subject, f"ready until {until}")
    if kept.state == NEEDS_CONSENT:
        return warn(subject, "the consent is gone", f"Consent again: airflow hookline connect {conn_id}")
    return warn(subject, kept.error or "asked for", "It is asked for again by itself; check the Connection.")
