"""The errors Hookline raises.

::

    HooklineError
    ├── ConfigurationError          a Connection or an option cannot be used as it is written
    ├── NamingError                 a name that cannot become a dag id, or a dag id that is none of ours
    ├── NotAnEvent                  a Dag run that carries no event in its conf
    ├── Rejected                    an inbound request that is refused (hookline.protocol.problem)
    └── CallError                   an outbound HTTP call that gave no usable answer
        ├── NoAnswer                no connection, a broken one, or a timeout
        ├── UnexpectedStatus        the answer's status says the call failed
        └── UnreadableAnswer        too large, or not what its content type says
"""

from __future__ import annotations


class HooklineError(Exception):
    """Base of every error that Hookline raises on purpose."""


class ConfigurationError(HooklineError):
    """A Connection or an option cannot be used as it is written; the message says what to change."""


class NamingError(HooklineError):
    """A name that cannot become a dag id, or a dag id that none of the naming rules makes."""


class NotAnEvent(HooklineError):
    """The Dag run carries no event: its ``conf`` has no ``data``."""


class CallError(HooklineError):
    """An outbound HTTP call gave no usable answer."""


class NoAnswer(CallError):
    """No connection could be made, it broke, or the time was up."""


class UnexpectedStatus(CallError):
    """The answer's status says that the call failed.

    :param status: HTTP status code of the answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnreadableAnswer(CallError):
    """The answer is larger than allowed, or is not what its content type says."""
