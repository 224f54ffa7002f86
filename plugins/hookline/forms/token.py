"""The token in a form: signed, for one page and one browser, and for a time."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

SECONDS = 4 * 3600
"""For which a page may stay open."""
MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that this server made for this page and this browser.

    :param nonce: of this page; no two have the same.
    :param age: seconds since it was made, whole ones.
    """

    nonce: str
    age: int
    expired: bool = False


class FormTokens:
    """Makes and reads tokens; none is stored.

    :param secret: shared by all replicas.
    """

    def __init__(self, secret: str) -> None:
        key = secret.encode("utf-8", "surrogatepass")
        self._signed = URLSafeTimedSerializer(
            key, b"hookline form", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def make(self, *bound: str) -> str:
        """Return a new token.

        :param bound: what has to be the same when it comes back: page, browser, user.
        """
        return str(self._signed.dumps([secrets.token_urlsafe(16), _digest(bound)]))

    def read(self, token: str, *bound: str) -> Issued | None:
        """Return what the token says, None if it is not ours or belongs to something else."""
        if len(token) > MAX_CHARS:
            return None
        expired = False
        try:
            (nonce, digest), made = self._signed.loads(token, max_age=SECONDS, return_timestamp=True)
        except SignatureExpired as late:
            expired, made = True, late.date_signed
            nonce, digest = self._signed.load_payload(late.payload or b"")
        except BadData:
            return None
        if digest != _digest(bound) or made is None:
            return None
        return Issued(nonce, max(0, int(time.time() - made.timestamp())), expired)


def _digest(bound: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(bound).encode("utf-8", "surrogatepass")).hexdigest()
