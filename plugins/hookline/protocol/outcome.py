"""What has become of an event, as far as its sender may know."""

from __future__ import annotations

from dataclasses import dataclass

from hookline.protocol.response import Response

Key = tuple[str, str]
"""Source and event id."""

ACCEPTED = "accepted"
RUNNING = "running"
HELD = "held"
REFUSED = "refused"
SUCCESS = "success"
FAILED = "failed"
GIVEN_UP = "given_up"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of an event and its run.

    :param status: one of the constants of this module.
    :param response: what a task answered, if one did.
    """

    status: str
    response: Response | None = None

    @property
    def final(self) -> bool:
        """Whether waiting longer is no use to the sender."""
        return self.response is not None or self.status not in (ACCEPTED, RUNNING)
