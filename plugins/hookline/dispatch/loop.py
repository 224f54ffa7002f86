"""The dispatcher's loop: woken by an accepted event, else a slow poll for what other processes accepted."""

from __future__ import annotations

import time

from hookline.dispatch import batch, holds
from hookline.dispatch.dags import EventDags
from hookline.loop import Loop


class Dispatcher(Loop):
    """Runs :func:`hookline.dispatch.batch.dispatch` whenever there may be something to do.

    :param poll: seconds between looks for events accepted by other processes.
    :param hold_poll: seconds between looks for held events that can go out.
    """

    def __init__(self, poll: float, hold_poll: float) -> None:
        super().__init__("dispatch", self._dispatch, poll)
        self._hold_poll = hold_poll
        self._dags = EventDags()
        self._next_holds = 0.0

    def _dispatch(self) -> int:
        released = 0
        if time.monotonic() >= self._next_holds:
            self._next_holds = time.monotonic() + self._hold_poll
            released = holds.release(self._dags)
        return released + batch.dispatch(self._dags)
