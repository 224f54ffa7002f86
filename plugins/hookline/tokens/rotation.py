"""Tokens follow the rotation of Airflow's Fernet key."""

from __future__ import annotations

import structlog
from sqlalchemy import select, update

from hookline.database import autocommit
from hookline.tokens.encryption import OtherKey, decrypted, encrypted, needs_first_key
from hookline.tokens.models import KeptToken

log = structlog.get_logger(__name__)


def encrypt_again() -> None:
    """Encrypt with the first of Airflow's Fernet keys what a later one encrypted."""
    with autocommit() as connection:
        rows = connection.execute(select(KeptToken.conn_id, KeptToken.secrets)).all()
        for conn_id, secrets in rows:
            if not needs_first_key(secrets):
                continue
            try:
                again = encrypted(decrypted(secrets))
            except OtherKey:
                continue
            # Only what is still there: a refresh meanwhile has written with the first key.
            connection.execute(
                update(KeptToken)
                .where(KeptToken.conn_id == conn_id, KeptToken.secrets == secrets)
                .values(secrets=again)
            )
            log.info("tokens encrypted with the first fernet_key", conn_id=conn_id)
