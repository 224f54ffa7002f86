"""The dispatcher's loop: woken by an accepted event, else a slow poll for what other processes accepted."""

from __future__ import annotations

import time

from hookline.dispatch import batch, gather, holds, manual, pending
from hookline.dispatch.dags import EventDags
from hookline.dispatch.route import Router
from hookline.loop import Loop

TURN_POLL = 0.5
"""Seconds between looks whether a run has ended that others wait for."""


class Dispatcher(Loop):
    """Runs :func:`hookline.dispatch.batch.dispatch` and its sisters whenever there may be something to do.

    :param poll: seconds between looks for events accepted by other processes.
    :param hold_poll: seconds between looks for held events that can go out.
    """

    def __init__(self, poll: float, hold_poll: float) -> None:
        super().__init__("dispatch", self._dispatch, poll)
        self._usual_poll = poll
        self._hold_poll = hold_poll
        self._dags = EventDags()
        self._router = Router(self._dags)
        self._next_holds = 0.0
        self._next_gathering = 0.0

    def holds_due(self) -> bool:
        """Tell whether the next look is also one at what is held."""
        return time.monotonic() >= self._next_holds

    def _dispatch(self) -> int:
        worked = 0
        if self.holds_due():
            self._next_holds = time.monotonic() + self._hold_poll
            worked += holds.release(self._dags) + manual.record(self._dags)
        worked += batch.dispatch(self._router)
        worked += self._gather()
        return worked + pending.go(self._dags, self._router.runs)

    def _gather(self) -> int:
        touched, self._router.touched = self._router.touched, set()
        if not touched and time.monotonic() < self._next_gathering:
            return 0
        out = gather.close(self._dags, touched)
        self._poll = min(self._usual_poll, TURN_POLL) if gather.has_turns() else self._usual_poll
        self._next_gathering = time.monotonic() + min(self._poll, TURN_POLL)
        return out
