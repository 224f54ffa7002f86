"""``basic``: user name and password (RFC 7617), both compared in constant time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier, any_equal
from hookline.protocol.signatures.shell import SECRET, Shell, word

CHALLENGE = 'Basic realm="hookline", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Basic(Verifier):
    """Compares ``Authorization: Basic`` with the Connection's login and password."""

    reads: ClassVar[frozenset[str]] = frozenset({"authorization"})
    credentials: Credentials

    def verify(self, message: Message) -> None:
        """Accept the right user name and password.

        :raises Rejected: the header is missing, repeated, malformed or wrong.
        """
        scheme, _, encoded = (message.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "basic":
            raise unauthenticated("No single `Authorization: Basic` header.", challenge=CHALLENGE)
        try:
            presented = base64.b64decode(encoded.strip(" \t").encode("latin-1"), validate=True)
        except (binascii.Error, ValueError):
            raise unauthenticated("`Authorization: Basic` is not base64.", challenge=CHALLENGE) from None
        if not any_equal(presented, self._pairs()):
            raise unauthenticated("User name or password is wrong.", challenge=CHALLENGE)

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return the ``Authorization`` header."""
        return {"Authorization": "Basic " + base64.b64encode(self._pairs()[0]).decode("ascii")}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return curl's own option for it."""
        return Shell(options=(f"-u {word(f'{self.credentials.login}:', SECRET)}",))

    def _pairs(self) -> tuple[bytes, ...]:
        user = self.credentials.login.encode("utf-8", "surrogatepass")
        return tuple(user + b":" + key for key in self.credentials.encoded)


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Basic:  # noqa: ARG001
    if not credentials.login:
        raise ConfigurationError("`auth_type` basic needs a login as well as a password.")
    if ":" in credentials.login:
        raise ConfigurationError("The login of Basic authentication may not hold a colon (RFC 7617).")
    return Basic(credentials)


SCHEME = Scheme(name="basic", build=_build)
