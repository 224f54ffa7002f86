"""The tables of tokens and of consents under way."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

READY = "ready"
"""The access token works, as far as is known."""
NEEDS_CONSENT = "needs_consent"
"""Only a person can get another token."""
FAILING = "failing"
"""The provider gave no token the last time; it is asked again."""
UNREADABLE = "unreadable"
"""None of Airflow's Fernet keys decrypts the tokens; seen when they are read, never stored."""


class KeptToken(Base):
    """The tokens of one Connection.

    ``secrets`` is a JSON object with ``access_token`` and, where there is one, ``refresh_token``, encrypted
    with Airflow's Fernet key. Who refreshes holds the lease; it ends by itself if its holder dies.
    """

    __tablename__ = "hookline_token"

    conn_id: Mapped[str] = mapped_column(String(250), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    secrets: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str | None] = mapped_column(Text)
    obtained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refreshed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refresh_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)


class Consent(Base):
    """A consent that was begun; gone as soon as the browser comes back, or when it is too old.

    ``verifier`` is the PKCE code verifier (RFC 7636), encrypted; of the state only the hash is kept.
    """

    __tablename__ = "hookline_consent"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conn_id: Mapped[str] = mapped_column(String(250))
    verifier: Mapped[str] = mapped_column(Text)
    redirect_uri: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
