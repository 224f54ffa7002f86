"""For the tests of Dag authors, see ``docs/how-to/test-your-dags.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookline.testing.event import NotStarted, Sent, captured
    from hookline.testing.receiver import Received, Receiver
    from hookline.testing.sender import Refused, Sender

__all__ = ["NotStarted", "Received", "Receiver", "Refused", "Sender", "Sent", "captured"]

_ROOMS = {
    "NotStarted": "event",
    "Sent": "event",
    "captured": "event",
    "Received": "receiver",
    "Receiver": "receiver",
    "Refused": "sender",
    "Sender": "sender",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: pytest imports this package in every project that has Hookline installed."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
