"""``none``: whoever knows the URL may send. Has to be written out; nothing falls back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hookline.protocol.message import Message
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier
from hookline.protocol.signatures.shell import Shell


class Open(Verifier):
    """Accepts every message."""

    reads: ClassVar[frozenset[str]] = frozenset()

    def verify(self, message: Message) -> None:
        """Accept the message."""

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing: there is nothing to prove."""
        return {}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return a call that proves nothing."""
        return Shell()


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Open:  # noqa: ARG001
    return Open()


SCHEME = Scheme(name="none", build=_build, needs_secret=False)
