"""Held events by kind: those with the same Dags that may run for them are waited for together."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select

from hookline.inbox.models import HELD, InboxEvent

if TYPE_CHECKING:
    from sqlalchemy import CTE
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
    kind = _candidates(limit, after)
    own = (InboxEvent.state == HELD, InboxEvent.candidates == kind.c.candidates)
    some = select(InboxEvent.seq).where(*own).limit(COUNTED).correlate(kind).subquery()
    first = select(InboxEvent.seq).where(*own).order_by(InboxEvent.seq).limit(1).correlate(kind)
    number = select(func.count()).select_from(some).correlate(kind).scalar_subquery()
    found = session.execute(
        select(kind.c.candidates, first.scalar_subquery(), number).where(kind.c.candidates.is_not(None))
    ).all()
    shown = (
        InboxEvent.seq,
        InboxEvent.received_at,
        InboxEvent.event_type,
        InboxEvent.source,
        InboxEvent.reason,
    )
    oldest = select(*shown).where(InboxEvent.seq.in_([seq for _, seq, _ in found]))
    events: dict[int, list[Any]] = {seq: rest for seq, *rest in session.execute(oldest)}
    return [
        Kind(tuple(json.loads(candidates)), count, *events[seq])
        for candidates, seq, count in found
        if seq in events  # not dispatched between the two looks
    ]


def _candidates(limit: int, after: str) -> CTE:
    def following(before: Any) -> Any:
        later = select(InboxEvent.candidates).where(InboxEvent.state == HELD, InboxEvent.candidates > before)
        return later.order_by(InboxEvent.candidates).limit(1)

    first = select(following(after).scalar_subquery().label("candidates"), literal(1).label("place"))
    kinds = first.cte("kinds", recursive=True)
    further = select(following(kinds.c.candidates).correlate(kinds).scalar_subquery(), kinds.c.place + 1)
    return kinds.union_all(further.where(kinds.c.candidates.is_not(None), kinds.c.place < limit))


def nearest(candidates: Sequence[str], dags: Collection[str]) -> list[str]:
    """Return up to three of the Dags whose ids are most like the candidates'."""
    exact = [name for name in candidates if name in dags]
    if exact or not candidates:
        return exact[:3]
    wanted = candidates[0]
    head = wanted.partition(".")[0]
    like = sorted(dags, key=lambda name: (name.partition(".")[0] != head, abs(len(name) - len(wanted))))
    return difflib.get_close_matches(wanted, like[:COMPARED], n=3)
