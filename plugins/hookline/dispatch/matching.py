"""Events and the tasks that wait for them find each other, whichever of the two is there first.

A waiter is committed before the stored events are gone through, and an event is committed before the
waiters are: of the two, the later one sees the other. What both see is settled by the waiter's lock: who has
it either finds the task parked and wakes it, or finds the waiter gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from hookline.dispatch import waking
from hookline.protocol import wait
from hookline.waiters import store
from hookline.waiters.matches import Matches

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.inbox.models import InboxEvent
    from hookline.waiters.models import Waiter

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Waiters whose stored events are gone through in one transaction."""
LOOKED_AT = 1000
"""New waiters of which one transaction sees whether there is a stored event."""
MAX_RESULT = 16 * 1024 * 1024
"""Characters of all events of one wait together."""

Taken = tuple["InboxEvent", "Waiter"]
"""An event, and the waiter that it went to."""


def offer(session: Session, events: Sequence[InboxEvent]) -> list[Taken]:
    """Give events to the tasks that wait for them.

    :param events: locked by the caller, in whose transaction all happens.
    """
    matches = Matches()
    wishes = [
        (event, waiter.seq)
        for waiter in store.of_events(session, events)
        if waiter.ready or waiter.shared or len(_own(session, waiter, matches)) < waiter.wanted
        for event in events
        if matches.same_key(waiter, event) and matches.wanted(waiter, event)
    ]
    # Of several that want an event to themselves the one that waits longest has it.
    wishes.sort(key=lambda wish: (wish[0].seq, wish[1]))
    hands = _Hands(session, {seq for _, seq in wishes})
    return hands.give(wishes)


def settle(session: Session) -> tuple[int, list[Taken]]:
    """Go through the stored events for waiters that are new.

    :returns: how many waiters are new no more, and what they took.
    """
    matches = Matches()
    new = store.unready(session, LOOKED_AT)
    some = store.with_stored(session, new)
    wishes = {
        waiter.seq: _stored(session, waiter, matches)
        for waiter in [waiter for waiter in new if waiter.seq in some][:AT_ONCE]
    }
    ready = [waiter.seq for waiter in new if waiter.seq not in some]
    # Events before waiters: the order in which everybody locks.
    events = store.lock_events(session, {number for numbers in wishes.values() for number in numbers})
    hands = _Hands(session, [*wishes, *ready])
    taken, settled = [], len(ready)
    for seq, numbers in wishes.items():
        asked = [(events[number], seq) for number in numbers if number in events]
        given = hands.give(asked)
        taken += given
        # Who lost an event to another looks again: there may be more.
        if seq not in hands.open:
            settled += 1
        elif len(given) == len(asked):
            ready.append(seq)
            settled += 1
    store.make_ready(session, ready)
    return settled, taken


def _stored(session: Session, waiter: Waiter, matches: Matches) -> list[int]:
    found = matches.stored(waiter, store.stored(session, waiter))
    if waiter.shared or waiter.within is not None:
        return found
    # A task whose worker died waits again and has its events: a second one would be lost to others.
    return list(dict.fromkeys([*_own(session, waiter, matches), *found]))[: waiter.wanted]


def _own(session: Session, waiter: Waiter, matches: Matches) -> list[int]:
    """Return the events that an earlier try of the task took, as far as it waits for them still."""
    return matches.stored(waiter, store.stored(session, waiter, taken_by=store.name_of(waiter)))


class _Hands:
    """Locked waiters, as long as their tasks wait."""

    def __init__(self, session: Session, numbers: Collection[int]) -> None:
        self._session = session
        self.open = {waiter.seq: waiter for waiter in store.lock(session, numbers)}

    def give(self, wishes: Iterable[tuple[InboxEvent, int]]) -> list[Taken]:
        taken = []
        for event, seq in wishes:
            waiter = self.open.get(seq)
            if waiter is not None and self._give(waiter, event):
                taken.append((event, waiter))
        return taken

    def _give(self, waiter: Waiter, event: InboxEvent) -> bool:
        name = store.name_of(waiter)
        if not waiter.shared and event.taken_by not in (None, name):
            return False
        try:
            with self._session.begin_nested():
                return self._hand_over(waiter, event, name)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # one task must not keep its event from all others
            log.warning("task not woken", task=name, event_id=event.event_id, exc_info=True)
            return False

    def _hand_over(self, waiter: Waiter, event: InboxEvent, name: str) -> bool:
        instance = waking.lock(self._session, waiter.instance_id, waiter.wait_id)
        if instance is not None:
            if not waiter.shared:
                event.taken_by = name
            bodies = self._bodies(waiter, event)
            if bodies is None:
                return True
            waking.resume(self._session, instance, _payload(waiter, bodies))
        store.forget(self._session, [waiter.seq])
        del self.open[waiter.seq]
        return instance is not None

    def _bodies(self, waiter: Waiter, event: InboxEvent) -> list[str] | None:
        """Return the events of a wait that is over, None if it needs more."""
        if waiter.wanted == 1:
            return [event.body]
        collected = store.collect(self._session, waiter, event)
        group = wait.chosen([row.received_at for row in collected], waiter.wanted, waiter.within)
        if group is None:
            return None
        return store.bodies(self._session, waiter, [collected[place].event_seq for place in group])


def _payload(waiter: Waiter, bodies: list[str]) -> dict[str, Any]:
    if sum(map(len, bodies)) > MAX_RESULT:
        return {"error": f"The events have more than {MAX_RESULT} characters together; wait for fewer."}
    return {wait.RESULT: bodies[0] if waiter.wanted == 1 else f"[{','.join(bodies)}]"}
