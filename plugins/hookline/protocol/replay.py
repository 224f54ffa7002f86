"""The same signed content under another delivery id: what a signature without a time cannot tell apart.

Whoever saw a genuine request could send it again and have it run again, by giving it another id in a header
that nobody signs. So its content is known for a window.
"""

from __future__ import annotations

import hashlib
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
    """

    key: str
    seconds: int

    @classmethod
    def of(cls, source: Source, message: Message) -> Self | None:
        """Return it for a verified message; None where a replay has the same delivery id or an old time."""
        if not source.replay_window or (source.event_id is not None and source.event_id.kind == "body"):
            return None
        key = source.verifier.replay_key(message)
        return None if key is None else cls(key.hex(), source.replay_window)

    def numbered(self, index: int) -> Self:
        """Return it for one of the events of a batch, which are signed together."""
        return replace(self, key=hashlib.sha256(f"{self.key}.{index}".encode()).hexdigest())
