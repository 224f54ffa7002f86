"""Held events by kind: those with the same Dags that may run for them are waited for together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from hookline.inbox.models import HELD, InboxEvent

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Kind:
    """Events that are held for the same reason.

    :param count: how many, counted up to 10,000.
    :param reason: of the oldest.
    """

    candidates: tuple[str, ...]
    count: int
    oldest_at: datetime
    event_type: str
    source: str
    reason: str | None


def kinds(session: Session, *, limit: int, after: str = "") -> list[Kind]:
    """Return the kinds in the order of their candidates, by one index seek each.

    :param after: the candidates, as they are kept, of the kind before.
    """
    found: list[Kind] = []
    while len(found) < limit:
        first = (
            select(InboxEvent)
            .where(InboxEvent.state == HELD, InboxEvent.candidates > after)
            .order_by(InboxEvent.candidates, InboxEvent.seq)
            .limit(1)
        )
        event = session.scalar(first)
        if event is None:
            break
        after = event.candidates
        found.append(_kind(session, event))
    return found


def _kind(session: Session, event: InboxEvent) -> Kind:
    some = (
        select(InboxEvent.seq)
        .where(InboxEvent.state == HELD, InboxEvent.candidates == event.candidates)
        .limit(COUNTED)
        .subquery()
    )
    return Kind(
        candidates=tuple(json.loads(event.candidates)),
        count=int(session.scalar(select(func.count()).select_from(some)) or 0),
        oldest_at=event.received_at,
        event_type=event.event_type,
        source=event.source,
        reason=event.reason,
    )
