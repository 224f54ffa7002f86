"""Held events by kind: those with the same Dags that may run for them are waited for together."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from hookline.inbox.models import HELD, InboxEvent

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

COUNTED = 10_000
COMPARED = 500
"""Dag ids that a name is compared with."""


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


def nearest(candidates: Sequence[str], dags: Collection[str]) -> list[str]:
    """Return up to three of the Dags whose ids are most like the candidates'."""
    exact = [name for name in candidates if name in dags]
    if exact or not candidates:
        return exact[:3]
    wanted = candidates[0]
    head = wanted.partition(".")[0]
    like = sorted(dags, key=lambda name: (name.partition(".")[0] != head, abs(len(name) - len(wanted))))
    return difflib.get_close_matches(wanted, like[:COMPARED], n=3)
