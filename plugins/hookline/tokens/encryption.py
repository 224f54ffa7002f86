"""Secrets as they are stored: encrypted with the first key of Airflow's ``[core] fernet_key``.

``airflow rotate-fernet-key`` knows Airflow's own tables only, so the keeper re-encrypts Hookline's by itself.
"""

from __future__ import annotations

import json

from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet, InvalidToken


class OtherKey(Exception):
    """None of the keys decrypts it; nothing may be concluded about what it holds."""


def encrypted(text: str) -> str:
    """Encrypt with the first key."""
    return get_fernet().encrypt(text.encode()).decode()


def decrypted(text: str | None) -> str:
    """Decrypt with any of the keys.

    :raises OtherKey: none of them fits.
    """
    try:
        return get_fernet().decrypt((text or "").encode()).decode()
    except (InvalidToken, UnicodeError):
        raise OtherKey from None


def secrets_of(text: str) -> dict[str, str]:
    """Decrypt a JSON object.

    :raises OtherKey: see :func:`decrypted`.
    """
    secrets: dict[str, str] = json.loads(decrypted(text))
    return secrets


def needs_first_key(text: str) -> bool:
    """Tell whether ``text`` is encrypted with another key than the first."""
    from airflow.configuration import conf

    first = str(conf.get("core", "fernet_key", fallback="")).partition(",")[0].strip()
    try:
        Fernet(first).decrypt(text.encode())
    except (InvalidToken, ValueError):
        return True
    return False
