"""The same signed content under another delivery id: what a signature without a time cannot tell apart.

Whoever saw a genuine request could send it again and have it run again, by giving it another id in a header
that nobody signs, or another content type by which the id in the body is not found. So its content is known
for a window, and no content type is part of what it is known by.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hookline.protocol.message import Message
    from hookline.protocol.source import Source


@dataclass(frozen=True, slots=True)
class Replay:
    """What an event has in common with its replays.

    :param key: a digest in hexadecimal digits.
    :param seconds: for how long an event of the same source and key is the same event.
    :param divisible: whether what is signed may be several events.
    """

    key: str
    seconds: int
    divisible: bool = True

    @classmethod
    def of(cls, source: Source, message: Message) -> Self | None:
        """Return it for a verified message; None where a replay is refused, or nothing is signed.

        :raises Rejected: the path has the type, and is none.
        """
        key = source.verifier.replay_key(message) if source.replay_window else None
        if key is None:
            return None
        whole = source.verifier.covers_body
        # Two equal bodies, one `orders/create` and one `orders/paid`, are two events, and nobody signs which.
        # Where the body is anybody's too, a type would make a forgery another event.
        said = _said(source, message) if whole else ""
        digest = hashlib.sha256(key + said.encode("utf-8", "surrogatepass"))
        return cls(digest.hexdigest(), source.replay_window, whole)

    def numbered(self, index: int) -> Self:
        """Return it for one of the events of a batch, which are signed together.

        The first has the key of the whole: sent again as another content type, the batch may be one event.
        """
        if index == 0 or not self.divisible:
            return self
        return replace(self, key=hashlib.sha256(f"{self.key}.{index}".encode()).hexdigest())


def _said(source: Source, message: Message) -> str:
    """Return the type as far as it does not stand in the body, where it is signed."""
    if source.event_type.kind == "path":
        return json.dumps(message.path_segments())  # a segment may have a slash in it
    return source.event_type.find(message, None) or ""
