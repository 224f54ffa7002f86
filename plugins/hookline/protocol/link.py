"""The token of a resume link: made by the worker, known to the server by its digest only.

The task instance's id, which each try has its own of, says where to look; 256 random bits say who may. The
digest stands in the parked task's ``next_kwargs``, so that nobody who reads the database has the link.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from typing import NamedTuple
from uuid import UUID

KIND = "link"
"""The ``kind`` of a wait for the answer to a link."""
METHOD = "on_answer"
"""The operator's method that a task with such a wait is resumed by."""
SECRET_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{64}\Z")


class Place(NamedTuple):
    """What a token says.

    :param instance_id: of the task instance.
    :param digest: SHA-256 of the token, in hexadecimal.
    """

    instance_id: UUID
    digest: str


def make(instance_id: UUID) -> tuple[str, str]:
    """Return a new token for a task instance, 64 characters, and its digest."""
    raw = instance_id.bytes + secrets.token_bytes(SECRET_BYTES)
    token = base64.urlsafe_b64encode(raw).decode("ascii")
    return token, digest(token)


def read(token: str) -> Place | None:
    """Return what a token says, None if it is none."""
    if not _TOKEN.match(token):
        return None
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    return Place(UUID(bytes=raw[:16]), digest(token))


def digest(token: str) -> str:
    """Return what the server knows a token by."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()
