"""What a replay is about: events or jobs by filter, each with the Dag that it is to go to."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import false, select, true

from hookline.dispatch import schemas
from hookline.dispatch.dags import NotFound
from hookline.exceptions import HooklineError
from hookline.inbox import search
from hookline.inbox.models import HELD, InboxEvent
from hookline.jobs import store as jobs
from hookline.jobs.models import RUN, Job
from hookline.replay import versions
from hookline.replay.models import LATEST, ORIGINAL

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import EventDags

MAX_ITEMS = 100_000
PAGE = 1000
SECONDS = 30.0
"""For a selection to be read; a search for text may find little in much."""


class Unselectable(HooklineError):
    """A selection that cannot be carried out; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for: one of the three kinds.

    :param events: filter of events.
    :param jobs: filter of jobs; those that ran a Dag are repeated.
    :param held: candidates of a kind of held events.
    :param version: of the Dag: the newest, or that of then.
    :param dag_id: the Dag that events go to, instead of the one that they went to or that takes them now.
    """

    events: search.Filter | None = None
    jobs: jobs.Filter | None = None
    held: tuple[str, ...] | None = None
    event: int | None = None
    job: int | None = None
    dag_id: str | None = None
    version: str = LATEST


@dataclass(frozen=True, slots=True)
class Item:
    """One event to one Dag.

    :param job: the job that is repeated, if the event had one.
    """

    event: int
    dag_id: str
    job: int | None


@dataclass(slots=True)
class Selected:
    """What a replay would do, oldest first.

    :param without_dag: events that no Dag takes now.
    :param other: jobs that are no run of an event: woken tasks, asset events, runs that a person started.
    :param forbidden: events whose Dag the caller may not trigger.
    """

    items: list[Item] = field(default_factory=list)
    without_dag: int = 0
    other: int = 0
    forbidden: int = 0

    def by_dag(self) -> dict[str, int]:
        """Return how many events go to each Dag."""
        return dict(Counter(item.dag_id for item in self.items))


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may see and trigger; by default everything, as on the command line."""

    events: ColumnElement[bool] = field(default_factory=true)
    dags: Collection[str] | None = None
    may_run: Callable[[Collection[str]], Collection[str]] = lambda dags: dags


def select_items(session: Session, dags: EventDags, wanted: Selection, rights: Rights) -> Selected:
    """Return what a replay of this selection would do.

    :raises Unselectable: it is more than 100,000 events, or takes too long to find, or goes to no event Dag.
    """
    _require_event_dag(session, dags, wanted.dag_id)
    found = Selected()
    kept: dict[tuple[int, str], Item] = {}
    pages = _from_jobs(session, wanted, rights, found) if _is_of_jobs(wanted) else None
    for page in pages if pages is not None else _from_events(session, dags, wanted, rights, found):
        for item in page:
            # An event goes to a Dag once, as its newest job had it.
            kept.setdefault((item.event, item.dag_id), item)
        if len(kept) > MAX_ITEMS:
            raise Unselectable(f"This is more than {MAX_ITEMS} events; narrow it, and replay part by part.")
    allowed = frozenset(rights.may_run({item.dag_id for item in kept.values()}))
    found.items = sorted(
        (item for item in kept.values() if item.dag_id in allowed), key=lambda item: (item.event, item.dag_id)
    )
    found.forbidden = len(kept) - len(found.items)
    if wanted.version == ORIGINAL and (unversioned := sorted(versions.without(session, found.items))):
        names = ", ".join(f"`{name}`" for name in unversioned[:10])
        raise Unselectable(
            f"The version of then is not kept for {names}: that takes a run of then, and a Dag bundle with "
            "versions, such as Git's. Replay with the latest version."
        )
    return found


def _require_event_dag(session: Session, dags: EventDags, dag_id: str | None) -> None:
    if dag_id is None:
        return
    entry = dags.look_up(session, [dag_id]).get(dag_id, NotFound(f"No event Dag is called `{dag_id}`."))
    if isinstance(entry, NotFound):
        raise Unselectable(entry.reason)


def _is_of_jobs(wanted: Selection) -> bool:
    return wanted.jobs is not None or wanted.job is not None


def _from_jobs(session: Session, wanted: Selection, rights: Rights, found: Selected) -> Iterator[list[Item]]:
    for rows in _job_pages(session, wanted, rights):
        items = []
        for row in rows:
            if row.kind != RUN or row.event_seq is None or row.dag_id is None:
                found.other += 1
                continue
            items.append(Item(row.event_seq, wanted.dag_id or row.dag_id, row.seq))
        yield items


def _job_pages(session: Session, wanted: Selection, rights: Rights) -> Iterator[Sequence[Any]]:
    connection = session.connection()
    if wanted.job is not None:
        row = jobs.get(connection, wanted.job)
        yield [row] if row is not None and (rights.dags is None or row.dag_id in rights.dags) else []
        return
    assert wanted.jobs is not None  # noqa: S101  for the type checker
    before, end = None, time.monotonic() + SECONDS
    while True:
        page = jobs.page(connection, wanted.jobs, limit=PAGE, before=before)
        yield page.jobs
        before = page.before
        if before is None:
            return
        _require_time(end)


def _from_events(
    session: Session, dags: EventDags, wanted: Selection, rights: Rights, found: Selected
) -> Iterator[list[Item]]:
    taking: dict[str, str | None] = {}
    for rows in _event_pages(session, wanted, rights):
        before = _jobs_of(session, [row.seq for row in rows])
        unknown = {row.candidates for row in rows if row.candidates not in taking}
        lists = {text: tuple(json.loads(text)) for text in unknown}
        now = schemas.load(dags, lists.values()) if lists else {}
        taking |= {text: now[names][0] if names in now else None for text, names in lists.items()}
        items = []
        for row in rows:
            ran = before.get(row.seq, [])
            if wanted.dag_id is not None:
                ran = [(wanted.dag_id, ran[0][1] if ran else None)]
            targets = ran or [(row.dag_id or taking[row.candidates], None)]
            items += [Item(row.seq, dag_id, job) for dag_id, job in targets if dag_id is not None]
            found.without_dag += targets[0][0] is None
        yield items


def _event_pages(session: Session, wanted: Selection, rights: Rights) -> Iterator[Sequence[Any]]:
    asked = wanted.events or search.Filter()
    more: ColumnElement[bool] = true()
    if wanted.event is not None:
        more = InboxEvent.seq == wanted.event
    elif wanted.held is not None:
        more = (InboxEvent.state == HELD) & (InboxEvent.candidates == json.dumps(list(wanted.held)))
    elif wanted.events is None:
        more = false()
    after, end = None, time.monotonic() + SECONDS
    while True:
        page = search.page(session, asked, rights.events & more, limit=PAGE, after=after)
        yield page.rows
        after = page.last
        if after is None:
            return
        _require_time(end)


def _jobs_of(session: Session, events: Sequence[int]) -> dict[int, list[tuple[str | None, int | None]]]:
    query = (
        select(Job.event_seq, Job.dag_id, Job.seq)
        .where(Job.event_seq.in_(events), Job.dag_id.is_not(None), Job.kind == RUN, Job.origin_seq.is_(None))
        .order_by(Job.seq)
    )
    found: dict[int, list[tuple[str | None, int | None]]] = {}
    for event, dag_id, number in session.execute(query):
        found.setdefault(event or 0, []).append((dag_id, number))
    return found


def _require_time(end: float) -> None:
    if time.monotonic() > end:
        raise Unselectable("This takes too long to find; narrow it: a shorter time, one source, one type.")
