"""``/event-dags``: every event that is known or taken, and the Dag that takes it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from airflow.models.dag import DagModel, DagTag
from airflow.models.dagrun import DagRun
from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import and_, exists, select

from hookline import catalog, orm
from hookline.api import audit
from hookline.api.access import allows_connection, require_edit, sight
from hookline.api.desk import Desk
from hookline.api.fields import WITHOUT_NUL
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import not_found
from hookline.api.route import Caller, Guarded
from hookline.api.taking import EventTaker, Taking
from hookline.dispatch import files, targets
from hookline.dispatch.dags import Found, NotFound
from hookline.ingress.connections import listed
from hookline.jobs import store
from hookline.jobs.models import MANUAL, Job
from hookline.protocol.mark import TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import EventDags

router = APIRouter(route_class=Guarded, tags=["Event Dags"])
LAST = 3
RECENT = 50
"""Jobs that say whose events a Dag took lately."""
DagId = Annotated[str, Path(min_length=1, max_length=250, pattern=WITHOUT_NUL)]


class LastRun(BaseModel):
    """A run that an event started."""

    run_id: str
    created_at: datetime
    state: str | None
    """As Airflow has it; none where it is not made yet, or deleted since."""


class EventDag(BaseModel):
    """An event's dag id, and the Dag that has it, if there is one."""

    name: str
    """Dag id; `any` stands for slugs."""
    title: str
    documentation: str | None
    """Page of the vendor; none for an event that only a Dag knows."""
    exists: bool
    paused: bool | None
    broken: bool | None
    """Whether its file has an import error."""
    conflict: str | None
    """Why it takes nothing: another Dag claims its event, or its id is in two files."""
    last_runs: list[LastRun]
    """The newest three, as the record of jobs has them."""


class ListedEventDag(EventDag):
    """An event's dag id, and all Dags that take the event; it is free where there is none."""

    taken_by: list[EventTaker]
    """Those that claim it, or else the catch-alls of its sources; and those that subscribe to it."""
    takes: str | None
    """What the Dag runs for, where its id is no event's."""


class EventDagDetail(EventDag):
    """An event Dag, and whose events it takes."""

    sources: list[str]
    """Those that it is called after, and those whose events it took lately, as far as you may see them."""


class Activation(BaseModel):
    """Whether a Dag takes events."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


@router.get("/event-dags")
async def list_event_dags(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[ListedEventDag]:
    """List the events of the catalog and the event Dags that you may read, by dag id."""
    after = named(cursor)

    def read(session: Session) -> Page[ListedEventDag]:
        seen = sight(user, session)
        dags = {dag.dag_id: dag for dag in session.scalars(_marked()) if dag.dag_id in seen.dags}
        wrong = _conflicts(request, session, dags)
        names = sorted(name for name in catalog.names() | dags.keys() if name > after)
        known: EventDags = request.app.state.dags
        taking = Taking(dags, known.marks.of_all())
        shown = names[:limit]
        runs = _last_runs(session, [name for name in shown if name in dags])
        return Page(
            items=[
                ListedEventDag(
                    **_event(name, dags.get(name), runs, wrong.get(name)).model_dump(),
                    taken_by=taking.of(name),
                    takes=taking.said(name),
                )
                for name in shown
            ],
            next_cursor=naming(names[limit - 1]) if names[limit:] else None,
        )

    return await Desk.of(request).read(read)


@router.get("/event-dags/{dag_id}")
async def get_event_dag(request: Request, user: Caller, dag_id: DagId) -> EventDagDetail:
    """Show one event Dag with its sources."""

    def read(session: Session) -> EventDagDetail:
        dag = session.scalar(_marked().where(DagModel.dag_id == dag_id))
        if dag is None or dag_id not in sight(user, session).dags:
            raise not_found(f"There is no event Dag `{dag_id}`, or you may not see it.")
        names = _sources(dag_id, session) if allows_connection(user, "GET", None, session) else set()
        seen = sorted(name for name in names if allows_connection(user, "GET", name, session))
        event = _event(dag_id, dag, _last_runs(session, [dag_id]))
        return EventDagDetail(**event.model_dump(), sources=seen)

    return await Desk.of(request).read(read)


@router.patch("/event-dags/{dag_id}")
async def set_activation(
    request: Request, user: Caller, dag_id: DagId, wanted: Annotated[Activation, Body()]
) -> EventDag:
    """Pause an event Dag, which holds its events, or let it take them."""

    def change(session: Session) -> EventDag:
        require_edit(user, dag_id, session)
        dag = session.scalar(_marked().where(DagModel.dag_id == dag_id))
        if dag is None:
            raise not_found(f"There is no event Dag `{dag_id}`.")
        dag.is_paused = wanted.paused
        audit.record(session, user, "set_activation", dag_id=dag_id, paused=wanted.paused)
        return _event(dag_id, dag, _last_runs(session, [dag_id]))

    return await Desk.of(request).write(change)


def _marked() -> Any:
    tagged = exists().where(DagTag.dag_id == DagModel.dag_id, DagTag.name == TAG)
    return select(DagModel).where(tagged, ~DagModel.is_stale)


def _conflicts(request: Request, session: Session, dags: Collection[str]) -> dict[str, str]:
    known: EventDags = request.app.state.dags
    known.refresh(session, at_once=True)
    doubled = known.marks.files.doubled()
    wrong = {name: files.reason(name, doubled[name]) for name in dags if name in doubled}
    # Only those that share an event are looked at closer.
    events = {
        name: mark.event
        for name, mark in known.marks.of_all().items()
        if name in dags and mark.event is not None and known.marks.claiming(mark.event)
    }
    found = known.look_up(session, events) if events else {}
    for name, event in events.items():
        claiming = targets.named([event], found, known.marks)
        entry = dict(claiming).get(name) if isinstance(claiming, list) else None
        if isinstance(entry, NotFound) and isinstance(found.get(name), Found):
            wrong[name] = entry.reason
    return wrong


def _sources(dag_id: str, session: Session) -> set[str]:
    newest = store.page(session.connection(), store.Filter(dag_id=dag_id), limit=RECENT)
    named = {name for name in listed() if f"{dag_id}.".startswith(f"{name}.")}
    return named | {row.source for row in newest.jobs if row.kind != MANUAL}


def _event(name: str, dag: Any, runs: Mapping[str, list[LastRun]], conflict: str | None = None) -> EventDag:
    known = catalog.find(name)
    return EventDag(
        name=name,
        title=(dag.dag_display_name if dag else None) or (known.title if known else name),
        documentation=known.documentation if known else None,
        exists=dag is not None,
        paused=bool(dag.is_paused) if dag else None,
        broken=bool(dag.has_import_errors) if dag else None,
        conflict=conflict,
        last_runs=runs.get(name, []),
    )


def _last_runs(session: Session, dag_ids: Collection[str]) -> dict[str, list[LastRun]]:
    if not dag_ids:
        return {}
    asked = orm.names(dag_ids)
    newest = select(Job.seq).where(Job.dag_id == asked.c.name).order_by(Job.seq.desc()).limit(1)
    places = (newest.offset(place).correlate(asked).scalar_subquery() for place in range(LAST))
    numbers = [number for row in session.execute(select(*places).select_from(asked)) for number in row]
    same = and_(DagRun.dag_id == Job.dag_id, DagRun.run_id == Job.run_id)
    runs = (
        select(Job.dag_id, Job.run_id, Job.created_at, DagRun.state)
        .outerjoin(DagRun, same)
        .where(Job.seq.in_([number for number in numbers if number]), Job.run_id.is_not(None))
        .order_by(Job.seq.desc())
    )
    found: dict[str, list[LastRun]] = {}
    for dag_id, run_id, created_at, state in session.execute(runs):
        found.setdefault(dag_id, []).append(LastRun(run_id=run_id, created_at=created_at, state=state))
    return found
