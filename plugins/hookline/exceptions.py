"""The errors Hookline raises.

::

    HooklineError
    ├── ConfigurationError          a Connection or an option cannot be used as it is written
    │   └── EgressRefused           the call would go to an address that is not public
    ├── NamingError                 a name that cannot become a dag id, or a dag id that is none of ours
    ├── NotAnEvent                  a Dag run that carries no event in its conf
    ├── StoredDataLost              an event's data or file that is not in object storage as it was received
    ├── Rejected                    an inbound request that is refused (hookline.protocol.problem)
    └── CallError                   an outbound HTTP call that gave no usable answer
        ├── NoAnswer                no connection, a broken one, or a timeout
        │   └── UndecodedAnswer     its body cannot be decompressed
        ├── UnexpectedStatus        the answer's status says the call failed
        ├── UnexpectedAnswer        it does not pass response_check
        ├── UnreadableAnswer        too large, or not what its content type says
        ├── UnsavedAnswer           it came, but where it was to go it cannot be written
        └── TryLater                it goes on after a longer wait than its caller takes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hookline.http.response import Received


class HooklineError(Exception):
    """Base of every error that Hookline raises on purpose."""


class ConfigurationError(HooklineError):
    """A Connection or an option cannot be used as it is written; the message says what to change."""


class NamingError(HooklineError):
    """A name that cannot become a dag id, or a dag id that none of the naming rules makes."""


class DoubtfulName(UserWarning):
    """The name of an event Dag is nearly that of a known event."""


class NotAnEvent(HooklineError):
    """The Dag run carries no event: its ``conf`` has no ``data``."""


class StoredDataLost(HooklineError):
    """An event's data or file is not in object storage as it was received."""


class EgressRefused(ConfigurationError):
    """A call would go to an address that is not public, and the Connection does not allow it."""


class CallError(HooklineError):
    """An outbound HTTP call gave no usable answer."""

    def because(self, reason: str) -> Self:
        """Add to the message why the call was not tried again."""
        if reason:
            self.args = (f"{self}; {reason}",)
        return self


class NoAnswer(CallError):
    """No connection could be made, it broke, or the time was up.

    :param final: whether trying again is no use, as with a certificate that is not trusted.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class UndecodedAnswer(NoAnswer):
    """An answer came, but its body cannot be decompressed.

    :param received: the answer without its body.
    """

    def __init__(self, message: str, received: Received) -> None:
        super().__init__(message)
        self.received = received


class UnexpectedStatus(CallError):
    """The answer's status says that the call failed.

    :param status: HTTP status code of the answer.
    :param retry_after: seconds that the other side asks to wait, if it does.
    """

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class UnexpectedAnswer(CallError):
    """The answer does not pass ``response_check``."""


class UnreadableAnswer(CallError):
    """The answer is larger than allowed, or is not what its content type says."""


class UnsavedAnswer(CallError):
    """The request was carried out, but its answer cannot be written where it was to go."""


class TryLater(CallError):
    """The call goes on after a longer wait than its caller takes: the other side, or ``rate_limit``, says so.

    :param seconds: until then.
    :param status: HTTP status code of the answer that asks to wait; None if nothing was sent.
    """

    def __init__(self, message: str, seconds: float, status: int | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.status = status
