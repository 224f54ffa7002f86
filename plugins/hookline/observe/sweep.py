"""One look at what happened: in one transaction, what was seen and the messages about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.models.dagrun import DagRun
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from hookline import config
from hookline.database import autocommit, engine
from hookline.observe import reading
from hookline.observe.look import Look, insert
from hookline.observe.messages import Sight, messages
from hookline.observe.models import Cursor, OpenRun, Seen
from hookline.observe.reading import CHUNK, OVERLAP
from hookline.outbox import store

if TYPE_CHECKING:
    from hookline.observe.plans import Plans
    from hookline.outbox.message import Outgoing
    from hookline.steps.transition import Transition

NAME = "steps"
MESSAGES = 200
"""Of one statement; SQLite takes 32,766 parameters."""
GROUP_BYTES = 16 * 1024 * 1024
"""Of one statement; so many, and one message, are in memory."""
KEEP = timedelta(days=30)
"""How long a transition is known after it was told, and longer while its run is open."""
CLEAN_EVERY = timedelta(hours=1)
KNOWN = 100_000
"""Transitions that a process remembers to have seen, so that it need not ask."""


class Observer:
    """Looks, together with the observers of other processes: one at a time.

    :param plans: reads who is to be told.
    :param base_url: of Airflow, for the links in messages.
    :param on_told: called after a commit that put something into the outbox.
    """

    def __init__(self, plans: Plans, base_url: str, on_told: Callable[[], object] = lambda: None) -> None:
        self._plans = plans
        self._on_told = on_told
        self._base_url = base_url.rstrip("/")
        self._busy = True
        self._known: set[Transition] = set()
        self._endpoints: set[str] = set()
        self._clean_at = datetime.now(UTC)

    def look(self) -> int:
        """Look once.

        :returns: 1 where there is more to see at once, else 0.
        :raises SQLAlchemyError: the database is away; nothing was seen.
        """
        now = datetime.now(UTC)
        if not self._busy and not _anything_new(now):
            return 0
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            row = session.execute(
                select(Cursor, *reading.heads())
                .where(Cursor.name == NAME)
                .with_for_update(skip_locked=True, of=Cursor)
            ).one_or_none()
            if row is None:
                _begin(session, now)
                return 0
            look = Look(session, row, now)
            found = look.see()
            endpoints: set[str] = set()
            told = self._tell(look, found, endpoints)
            look.advance()
            if now >= self._clean_at:
                self._clean_at = now + CLEAN_EVERY
                _forget(session, now)
                self._endpoints.clear()
        self._endpoints |= endpoints
        self._known = (self._known if len(self._known) < KNOWN else set()) | told
        self._busy = bool(told)
        if told:
            self._on_told()
        return int(look.behind)

    def _tell(
        self, look: Look, found: Mapping[Transition, datetime | None], endpoints: set[str]
    ) -> set[Transition]:
        unknown = [one for one in found if one not in self._known]
        if not unknown:
            return set()
        session, runs = look.session, look.runs
        plans = self._plans.of(session, list(runs.values()), look.stamp)
        wanted = [one for one in unknown if plans[one.run].of(one.task_id, one.name)]
        new = _unseen(session, wanted, look.now)
        if new:
            stored = bool(config.get_text("storage_path"))
            made = messages(session, Sight(runs, plans, found, look.now, self._base_url, stored), new)
            for some in _groups(made):
                store.add(session, some, self._endpoints | endpoints)
                endpoints |= {message.endpoint.key for message in some if message.endpoint}
        return set(wanted)


def _groups(made: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    group: list[Outgoing] = []
    size = 0
    for message in made:
        group.append(message)
        size += message.size
        if len(group) >= MESSAGES or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _anything_new(now: datetime) -> bool:
    with autocommit() as connection:
        query = select(
            Cursor.log_id,
            Cursor.run,
            Cursor.thorough_at,
            *reading.heads(),
            exists(select(OpenRun.run)).label("open"),
        ).where(Cursor.name == NAME)
        row = connection.execute(query).one_or_none()
    if row is None:
        return True
    due = row.open or now - row.thorough_at >= OVERLAP
    return bool(due or row.log_head != row.log_id or row.run_head != row.run)


def _begin(session: Session, now: datetime) -> None:
    # What happened before Hookline came is nobody's news.
    log_head, run_head, *_ = session.execute(select(*reading.heads())).one()
    values = {
        "name": NAME,
        "log_id": log_head,
        "log_id_between": log_head,
        "log_id_before": log_head,
        "run": run_head,
        "seen_to": now,
        "thorough_at": now,
        "turned_at": now,
    }
    session.execute(insert(session)(Cursor).values(values).on_conflict_do_nothing())


def _forget(session: Session, now: datetime) -> None:
    gone = Seen.run.not_in(select(OpenRun.run))
    session.execute(delete(Seen).where(Seen.seen_at < now - KEEP, gone))
    session.execute(delete(OpenRun).where(OpenRun.run.not_in(select(DagRun.id))))


def _unseen(session: Session, found: Sequence[Transition], now: datetime) -> list[Transition]:
    """Keep the transitions, and return those that were not known, in their order."""
    new: set[Any] = set()
    for start in range(0, len(found), CHUNK):
        rows = [
            {
                "run": one.run,
                "task_id": one.task_id,
                "map_index": one.map_index,
                "try_number": one.try_number,
                "name": one.name,
                "seen_at": now,
            }
            for one in found[start : start + CHUNK]
        ]
        statement = insert(session)(Seen).values(rows).on_conflict_do_nothing()
        key = (Seen.run, Seen.task_id, Seen.map_index, Seen.try_number, Seen.name)
        new |= {tuple(row) for row in session.execute(statement.returning(*key))}
    return [one for one in found if (one.run, one.task_id, one.map_index, one.try_number, one.name) in new]
