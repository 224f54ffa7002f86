"""``none``: whoever knows the URL may send. Has to be written out; nothing falls back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.protocol.message import Message
from hookline.protocol.signatures.scheme import Credentials, Scheme


class Open:
    """Accepts every message."""

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset()

    @property
    def covers_query(self) -> bool:
        """Return True: who has the proof may send anything."""
        return True

    def verify(self, message: Message) -> None:
        """Accept the message."""

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing: there is nothing to prove."""
        return {}


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Open:  # noqa: ARG001
    return Open()


SCHEME = Scheme(name="none", build=_build, needs_secret=False)
