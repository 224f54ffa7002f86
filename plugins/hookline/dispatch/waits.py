"""The loop that makes parked tasks known and gives them the events that were there before them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import matching, wakes
from hookline.dispatch.parked import Parked
from hookline.inbox import store
from hookline.inbox.models import HELD
from hookline.loop import Loop


class Waits(Loop):
    """Looks for tasks that have parked themselves.

    :param poll: seconds between looks.
    :param settling: see :class:`~hookline.dispatch.parked.Parked`.
    """

    def __init__(self, poll: float, settling: float = 0.0) -> None:
        super().__init__("waits", self._look, poll)
        self._parked = Parked(settling)

    def _look(self) -> int:
        found = self._parked.look()
        with Session(engine()) as session, session.begin():
            settled, taken = matching.settle(session)
            wakes.record(session, taken)
            for event, _ in taken:
                if event.state == HELD:
                    store.taken(event)
        return found + settled
