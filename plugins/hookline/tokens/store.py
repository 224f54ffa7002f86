"""The tokens in the database. Every function is one transaction, and blocks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.http.companion import COMPANION, CONN_TYPE, REFRESH, fingerprint
from hookline.tokens.encryption import OtherKey, decrypted, encrypted, needs_first_key, secrets_of
from hookline.tokens.grant import Grant
from hookline.tokens.models import FAILING, NEEDS_CONSENT, READY, UNREADABLE, Consent, KeptToken

log = structlog.get_logger(__name__)

CONSENT_SECONDS = 600
MAX_DEMANDS = 100
MAX_BACKOFF = 300.0


@dataclass(frozen=True)
class Kept:
    """The tokens of one Connection, read.

    :param state: :data:`UNREADABLE` hides the stored one.
    :param former_key: whether another Fernet key than the first encrypted them.
    """

    state: str
    fingerprint: str
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    scope: str | None
    obtained_at: datetime | None
    refreshed_at: datetime | None
    expires_at: datetime | None
    error: str | None
    former_key: bool


def read(conn_id: str) -> Kept | None:
    """Return what is kept for a Connection."""
    with Session(engine()) as session:
        row = session.get(KeptToken, conn_id)
        if row is None:
            return None
        state = row.state
        try:
            secrets = secrets_of(row.secrets)
        except OtherKey:
            state, secrets = UNREADABLE, {}
        return Kept(
            state,
            row.fingerprint,
            secrets.get("refresh_token", ""),
            secrets.get("access_token", ""),
            row.scope,
            row.obtained_at,
            row.refreshed_at,
            row.expires_at,
            row.error,
            needs_first_key(row.secrets),
        )


def keep(conn_id: str, grant: Grant, *, consented: bool = False) -> None:
    """Keep a grant, have its access token ready in the companion, and consider the demand met."""
    now = datetime.now(UTC)
    with Session(engine()) as session, session.begin():
        row = _locked(session, conn_id)
        row.state = READY
        row.secrets = encrypted(
            json.dumps({"access_token": grant.access_token, "refresh_token": grant.refresh_token})
        )
        row.fingerprint = fingerprint(grant.access_token)
        row.scope = grant.scope or row.scope
        row.refreshed_at = now
        if consented or row.obtained_at is None:
            row.obtained_at = now
        row.expires_at = grant.expires_at(now)
        row.refresh_at = grant.refresh_at(now)
        row.lease_owner = row.lease_until = row.error = None
        row.failures = 0
        _write_companion(session, conn_id, grant.access_token, row, "")
        _forget_demand(session, conn_id)


def refuse(conn_id: str, problem: str) -> None:
    """Keep that only a person can help, and let waiting tasks say so."""
    with Session(engine()) as session, session.begin():
        row = _locked(session, conn_id)
        row.state = NEEDS_CONSENT
        row.secrets = encrypted("{}")
        row.fingerprint = ""
        row.error = problem
        row.expires_at = row.refresh_at = row.lease_owner = row.lease_until = None
        _write_companion(session, conn_id, "", row, problem)
        _forget_demand(session, conn_id)


def fail(conn_id: str, problem: str, *, tell: bool = False) -> None:
    """Keep that there was no token this time; the lease becomes the pause until the next try.

    :param tell: let tasks that wait for another token say so, and wait no longer.
    """
    now = datetime.now(UTC)
    with Session(engine()) as session, session.begin():
        row = _locked(session, conn_id)
        row.failures = min(row.failures + 1, 1000)
        pause = timedelta(seconds=min(MAX_BACKOFF, 2.0 ** min(row.failures, 10)))
        row.state = FAILING
        row.error = problem
        row.lease_owner = None
        row.lease_until = now + pause
        row.refresh_at = now + pause
        if tell:
            _write_companion(session, conn_id, None, row, problem)
            _forget_demand(session, conn_id)


def show_again(conn_id: str) -> None:
    """Write the companion from what is kept, for somebody who does not find it; the demand is met."""
    with Session(engine()) as session, session.begin():
        row = _locked(session, conn_id)
        _forget_demand(session, conn_id)
        try:
            token = secrets_of(row.secrets).get("access_token", "")
        except OtherKey:
            return
        _write_companion(session, conn_id, token, row, "")


def forget_demand(conn_id: str) -> None:
    """Remove a demand that nothing has to be done for."""
    with Session(engine()) as session, session.begin():
        _forget_demand(session, conn_id)


def claim(conn_id: str, owner: str, seconds: float, *, at_once: bool = False) -> bool:
    """Take the lease of a Connection; False if somebody else has it.

    :param at_once: also during the pause after a failure, in which nobody has it.
    """
    free = [KeptToken.lease_until.is_(None), KeptToken.lease_until < datetime.now(UTC)]
    if at_once:
        free.append(KeptToken.lease_owner.is_(None))
    now = datetime.now(UTC)
    with Session(engine()) as session, session.begin():
        _locked(session, conn_id)
        taken: Any = session.execute(
            update(KeptToken)
            .where(KeptToken.conn_id == conn_id, or_(*free))
            .values(lease_owner=owner, lease_until=now + timedelta(seconds=seconds))
        )
        return bool(taken.rowcount)


def release(conn_id: str, owner: str) -> None:
    """Give a lease back."""
    with Session(engine()) as session, session.begin():
        session.execute(
            update(KeptToken)
            .where(KeptToken.conn_id == conn_id, KeptToken.lease_owner == owner)
            .values(lease_owner=None, lease_until=None)
        )


def demands() -> dict[str, str]:
    """Return which Connections need another token, with the fingerprint of the rejected one."""
    prefix = REFRESH.format("")
    with autocommit() as connection:
        rows = connection.execute(
            select(Variable.key, Variable._val, Variable.is_encrypted)  # noqa: SLF001  the column
            .where(Variable.key.startswith(prefix, autoescape=True))
            .order_by(Variable.id)
            .limit(MAX_DEMANDS)
        ).all()
    return {
        key.removeprefix(prefix): _readable(value) if is_encrypted else str(value or "")
        for key, value, is_encrypted in rows
    }


def kept() -> list[str]:
    """Return the Connections whose tokens are kept, at most 100."""
    with autocommit() as connection:
        return list(connection.scalars(select(KeptToken.conn_id).order_by(KeptToken.conn_id).limit(100)))


def due() -> dict[str, str]:
    """Return the Connections whose token should be refreshed now, with its fingerprint."""
    now = datetime.now(UTC)
    with autocommit() as connection:
        rows = connection.execute(
            select(KeptToken.conn_id, KeptToken.fingerprint)
            .where(
                KeptToken.refresh_at <= now,
                or_(KeptToken.lease_until.is_(None), KeptToken.lease_until < now),
            )
            .order_by(KeptToken.refresh_at)
            .limit(MAX_DEMANDS)
        )
        return {row.conn_id: row.fingerprint for row in rows}


def begin_consent(conn_id: str, state: str, verifier: str, redirect_uri: str) -> None:
    """Remember a consent until the browser comes back; forget those that never will."""
    now = datetime.now(UTC)
    with Session(engine()) as session, session.begin():
        session.execute(delete(Consent).where(Consent.expires_at < now))
        session.add(
            Consent(
                state_hash=_hash(state),
                conn_id=conn_id,
                verifier=encrypted(verifier),
                redirect_uri=redirect_uri,
                expires_at=now + timedelta(seconds=CONSENT_SECONDS),
            )
        )


def end_consent(state: str) -> tuple[str, str, str] | None:
    """Take a consent away; return Connection, verifier and redirect URI, None for a state that is none."""
    with Session(engine()) as session, session.begin():
        found = session.scalar(
            select(Consent).where(Consent.state_hash == _hash(state)).with_for_update(skip_locked=True)
        )
        if found is None:
            return None
        session.delete(found)
        verifier = _readable(found.verifier)
        if found.expires_at < datetime.now(UTC) or not verifier:
            return None
        return found.conn_id, verifier, found.redirect_uri


def _locked(session: Session, conn_id: str) -> KeptToken:
    row = session.get(KeptToken, conn_id, with_for_update=True)
    if row is None:
        row = KeptToken(conn_id=conn_id, state=FAILING, secrets=encrypted("{}"), fingerprint="", failures=0)
        session.add(row)
        session.flush()
    return row


def _write_companion(session: Session, conn_id: str, token: str | None, row: KeptToken, problem: str) -> None:
    # None leaves the token that is there.
    name = COMPANION.format(conn_id)
    companion = session.scalar(select(Connection).where(Connection.conn_id == name))
    if companion is None:
        companion = Connection(conn_id=name)
        session.add(companion)
    elif companion.conn_type != CONN_TYPE:
        log.warning("a Connection of another type has the companion's name; rename it", conn_id=name)
        return
    companion.conn_type = CONN_TYPE
    companion.description = f"Kept by Hookline for {conn_id}; do not edit."
    if token is not None:
        companion._password = None  # noqa: SLF001  `set_password` leaves the old one for an empty one
        companion.is_encrypted = False
        companion.set_password(token)
    times = {"expires_at": row.expires_at, "refreshed_at": row.refreshed_at}
    companion.set_extra(
        json.dumps(
            {name: at.isoformat() if at else None for name, at in times.items()}
            | {"problem": problem or None}
        )
    )


def _forget_demand(session: Session, conn_id: str) -> None:
    session.execute(delete(Variable).where(Variable.key == REFRESH.format(conn_id)))


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def _readable(text: str | None) -> str:
    try:
        return decrypted(text)
    except OtherKey:
        return ""
