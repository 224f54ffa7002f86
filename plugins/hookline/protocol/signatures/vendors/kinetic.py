"""``kinetic``: the name of a key, and the digest of its secret. Nothing of the request is signed.

The Connection's login is the key's name. Source: the signature that Kinetic Data's own handlers send,
https://github.com/kineticdata/kinetic-task-handlers
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier, any_equal
from hookline.protocol.signatures.shell import SECRET, Shell, Value, digest

KEY = "X-Kinetic-SignatureKey"
SIGNATURE = "X-Kinetic-Signature"


@dataclass(frozen=True, slots=True)
class Kinetic(Verifier):
    """Compares both headers."""

    reads: ClassVar[frozenset[str]] = frozenset({KEY.lower(), SIGNATURE.lower()})
    login: str
    signatures: tuple[bytes, ...] = field(repr=False)

    def verify(self, message: Message) -> None:
        """Accept the right name with the right signature."""
        for name, expected in (
            (KEY, (self.login.encode("utf-8", "surrogatepass"),)),
            (SIGNATURE, self.signatures),
        ):
            presented = message.headers.get(name)
            if presented is None:
                raise unauthenticated(f"No single `{name}` header.")
            if not any_equal(presented.encode("latin-1"), expected):
                raise unauthenticated(f"`{name}` is wrong.")

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return both headers."""
        return {KEY: self.login, SIGNATURE: self.signatures[0].decode("ascii")}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return the lines that digest the secret."""
        line = f"DIGEST={digest((SECRET,), 'sha1', 'base64')}"
        urlsafe = 'SIGNATURE=$(printf %s "$DIGEST" | tr +/ -_)'
        return Shell((line, urlsafe), {KEY: (self.login,), SIGNATURE: (Value("SIGNATURE"),)})


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Kinetic:  # noqa: ARG001
    if not credentials.login:
        raise ConfigurationError(
            "`auth_type` kinetic needs the signature key as login, its secret as password."
        )
    return Kinetic(
        credentials.login,
        tuple(base64.urlsafe_b64encode(hashlib.sha1(key).digest()) for key in credentials.encoded),  # noqa: S324  # nosec B324
    )


SCHEME = Scheme(name="kinetic", build=_build)
