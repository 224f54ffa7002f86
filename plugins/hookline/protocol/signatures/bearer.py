"""``bearer``: a token in ``Authorization: Bearer`` (RFC 6750, section 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier, any_equal
from hookline.protocol.signatures.shell import SECRET, Shell

CHALLENGE = 'Bearer realm="hookline"'


@dataclass(frozen=True, slots=True)
class Bearer(Verifier):
    """Compares the bearer token with the Connection's password."""

    reads: ClassVar[frozenset[str]] = frozenset({"authorization"})
    credentials: Credentials

    def verify(self, message: Message) -> None:
        """Accept the right token.

        :raises Rejected: the header is missing, repeated, of another scheme or wrong.
        """
        scheme, _, token = (message.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthenticated("No single `Authorization: Bearer` header.", challenge=CHALLENGE)
        if not any_equal(token.strip(" \t").encode("latin-1"), self.credentials.encoded):
            raise unauthenticated("The bearer token is wrong.", challenge=CHALLENGE)

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return the ``Authorization`` header."""
        return {"Authorization": f"Bearer {self.credentials.secrets[0]}"}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return the ``Authorization`` header."""
        return Shell(headers={"Authorization": ("Bearer ", SECRET)})


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Bearer:  # noqa: ARG001
    return Bearer(credentials)


SCHEME = Scheme(name="bearer", build=_build)
