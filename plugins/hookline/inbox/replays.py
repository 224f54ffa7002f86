"""Signed content that was accepted already under another delivery id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_

from hookline.inbox.models import GIVEN_UP, InboxEvent

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hookline.protocol.intake import Accepted

Key = tuple[str, str]


def originals(connection: Connection, events: Iterable[Accepted]) -> dict[Key, str]:
    """Return for those events that replay another one, by source and event id, the id of that one.

    An event that was given up has no replays: it never ran, and may be sent again when its Dag was mended.

    :param events: in the order of arrival; one may replay another of them. Replicas that are sent the same
        content at the same moment do not see each other's.
    """
    remembered = [event for event in events if event.replay]
    if not remembered:
        return {}
    known = _known(connection, remembered)
    found: dict[Key, str] = {}
    for event in remembered:
        key = (event.source, event.replay.key) if event.replay else ("", "")
        own = event.event_id, event.received_at
        first, at = known.get(key, own) if event.quarantine else known.setdefault(key, own)
        if first == event.event_id:
            continue
        if event.replay and event.received_at - at < timedelta(seconds=event.replay.seconds):
            found[event.source, event.event_id] = first
        elif not event.quarantine:
            known[key] = own
    return found


def _known(connection: Connection, remembered: list[Accepted]) -> dict[Key, tuple[str, datetime]]:
    keys = {(event.source, event.replay.key) for event in remembered if event.replay}
    query = (
        select(InboxEvent.source, InboxEvent.replay_key, InboxEvent.event_id, InboxEvent.received_at)
        .where(
            tuple_(InboxEvent.source, InboxEvent.replay_key).in_(list(keys)),
            InboxEvent.state.not_in(GIVEN_UP),
        )
        .order_by(InboxEvent.seq)
    )
    return {(source, str(key)): (event_id, at) for source, key, event_id, at in connection.execute(query)}
