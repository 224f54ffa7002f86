"""``/replays``: events that are to run again, or at last; planned, shown, started, watched, cancelled."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hookline.api import audit
from hookline.api.access import Sight, may_run, require_trigger, sight
from hookline.api.desk import Desk
from hookline.api.events import EventFilter
from hookline.api.fields import Name, Number
from hookline.api.jobs import JobFilter
from hookline.api.paging import Cursor, Limit, Page, Place, place
from hookline.api.problems import CONFLICT, INVALID, forbidden, not_found
from hookline.api.route import Caller, Guarded
from hookline.inbox.models import InboxEvent
from hookline.protocol.problem import UNPROCESSABLE, Rejected
from hookline.replay import edited, store
from hookline.replay.models import PLANNED, Replay
from hookline.replay.selection import Rights, Selected, Selection, Unselectable, select_items
from hookline.replay.store import Wrong

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import EventDags

router = APIRouter(route_class=Guarded, tags=["Replays"])
SAMPLE = 10
MAX_RATE = 1000
Id = Annotated[int, Field(ge=1, lt=2**63)]


class ReplayRequest(BaseModel):
    """What to replay: one of `event`, `job`, `events`, `jobs` and `held`."""

    model_config = ConfigDict(extra="forbid")

    event: Id | None = Field(None, description="Number of one event")
    job: Id | None = Field(None, description="Number of one job")
    events: EventFilter | None = None
    jobs: JobFilter | None = None
    held: list[Name] | None = Field(None, max_length=20, description="Candidates of a kind of held events")
    dag_id: Name | None = Field(None, description="The event Dag to go to, instead of the event's own")
    version: Literal["latest", "original"] = "latest"
    data: Any = Field(None, description="Takes the place of the data of one event")
    rate: int = Field(100, ge=1, le=MAX_RATE, description="Events a second")

    @model_validator(mode="after")
    def one_kind(self) -> ReplayRequest:
        """Check that it says one thing."""
        kinds = ("event", "job", "events", "jobs", "held")
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise ValueError(f"give one of {', '.join(kinds)}")
        if self.edits and self.event is None and self.job is None:
            raise ValueError("data can take the place of one event's only: give event or job")
        return self

    @property
    def edits(self) -> bool:
        """Whether data are given; null are data too."""
        return "data" in self.model_fields_set

    def selection(self, seen: Sight) -> Selection:
        """Return it for the tables."""
        return Selection(
            events=self.events.wanted() if self.events else None,
            jobs=self.jobs.wanted(None if seen.everything else seen.dags) if self.jobs else None,
            held=tuple(self.held) if self.held is not None else None,
            event=self.event,
            job=self.job,
            dag_id=self.dag_id,
            version=self.version,
        )


class ReplayState(BaseModel):
    """A replay and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    state: Literal["planned", "running", "done", "cancelled"]
    total: int
    done: int
    """Events whose job is there; the job says what becomes of it."""
    gone: int
    """Events that were removed from the inbox meanwhile."""
    version: Literal["latest", "original"]
    rate: int
    edited: bool
    selection: dict[str, Any]
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Replay) -> ReplayState:
        """Return it for a row of the table."""
        other = {"number": row.seq, "edited": row.data is not None, "selection": json.loads(row.selection)}
        same = {name: getattr(row, name) for name in ReplayState.model_fields if name not in other}
        return cls(**same, **other)


class ReplayDetail(ReplayState):
    """A replay, and where it would go."""

    planned_for: list[str]
    """Dags of a plan that has not been started; empty of any other."""


class Planned(BaseModel):
    """One event to one Dag."""

    event_number: int
    dag_id: str
    job_number: int | None


class Plan(ReplayState):
    """What a replay would do; nothing has happened yet."""

    dags: dict[str, int]
    """How many events go to each Dag."""
    without_dag: int
    """Events that no Dag takes; not part of it."""
    other: int
    """Jobs that are no run of an event; not part of it."""
    forbidden: int
    """Events of Dags that you may not trigger; not part of it."""
    sample: list[Planned]
    """The first ten."""


class Start(BaseModel):
    """The number of events that the plan showed, so that what was shown is what runs."""

    model_config = ConfigDict(extra="forbid")

    total: int = Field(ge=0, le=2**31)


@router.post("/replays", status_code=201)
async def plan_replay(request: Request, user: Caller, asked: Annotated[ReplayRequest, Body()]) -> Plan:
    """Plan a replay (a dry run): say what it would do, and remember it for an hour."""
    dags: EventDags = request.app.state.dags
    desk = Desk.of(request)
    wanted, selected, data = await desk.read(lambda session: _selected(session, user, asked, dags))

    def keep(session: Session) -> Plan:
        replay = store.plan(
            session,
            wanted,
            selected,
            data=data,
            rate=asked.rate,
            user=user.get_name(),
            now=datetime.now(UTC),
        )
        _logged(session, user, "plan_replay", replay)
        return _plan(replay, selected)

    return await desk.write(keep)


@router.post("/replays/{number}/start")
async def start_replay(request: Request, user: Caller, number: Number, shown: Start) -> ReplayState:
    """Start a planned replay."""

    def start(session: Session) -> ReplayState:
        _require_all(session, user, number)
        try:
            replay = store.start(session, number, shown.total, datetime.now(UTC))
        except Wrong as error:
            raise Rejected(CONFLICT, str(error)) from None
        _logged(session, user, "start_replay", replay)
        return ReplayState.of(replay)

    return await Desk.of(request).write(start)


@router.post("/replays/{number}/cancel")
async def cancel_replay(request: Request, user: Caller, number: Number) -> ReplayState:
    """Stop a replay; the runs that it has started go on."""

    def cancel(session: Session) -> ReplayState:
        _require_all(session, user, number)
        try:
            replay = store.cancel(session, number, datetime.now(UTC))
        except Wrong as error:
            raise Rejected(CONFLICT, str(error)) from None
        audit.record(session, user, "cancel_replay", replay=number, done=replay.done, total=replay.total)
        return ReplayState.of(replay)

    return await Desk.of(request).write(cancel)


@router.get("/replays")
async def list_replays(
    request: Request, user: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReplayState]:
    """List replays, newest first: your own, and everybody's if nothing is hidden from you."""
    after = place(cursor)

    def read(session: Session) -> Page[ReplayState]:
        everything = sight(user, session).everything
        rows = store.page(
            session,
            limit=limit + 1,
            before=after.number if after else None,
            user=None if everything else user.get_name(),
        )
        items = [ReplayState.of(row) for row in rows[:limit]]
        cursor = Place.numbered(items[-1].number).cursor() if rows[limit:] else None
        return Page(items=items, next_cursor=cursor)

    return await Desk.of(request).read(read)


@router.get("/replays/{number}")
async def get_replay(request: Request, user: Caller, number: Number) -> ReplayDetail:
    """Show how far a replay is."""

    def read(session: Session) -> ReplayDetail:
        state = ReplayState.of(_visible(session, user, number))
        dags = store.dags(session, number) if state.state == PLANNED else ()
        return ReplayDetail(**state.model_dump(), planned_for=sorted(dags))

    return await Desk.of(request).read(read)


def _selected(
    session: Session, user: Any, asked: ReplayRequest, dags: EventDags
) -> tuple[Selection, Selected, str | None]:
    seen = sight(user, session)
    wanted = asked.selection(seen)
    rights = Rights(
        events=seen.of_dags(InboxEvent.dag_id, InboxEvent.source),
        dags=None if seen.everything else seen.dags,
        may_run=lambda names: may_run(user, names, session),
    )
    require_trigger(user, wanted.dag_id, session)
    try:
        data = edited.written(asked.data) if asked.edits else None
        selected = select_items(session, dags, wanted, rights)
    except (Unselectable, ValueError) as error:
        raise Rejected(INVALID, str(error)) from None
    if selected.forbidden and not selected.items:
        raise forbidden("You may not trigger the Dags that these events go to.")
    if data is not None:
        errors = edited.wrong(session, dags, selected.by_dag(), asked.data)
        if errors:
            members = {"errors": [{"pointer": one.pointer, "message": one.message} for one in errors]}
            raise Rejected(UNPROCESSABLE, "`errors` names what is wrong with the data.", members=members)
    return wanted, selected, data


def _plan(replay: Replay, selected: Selected) -> Plan:
    return Plan(
        **ReplayState.of(replay).model_dump(),
        dags=selected.by_dag(),
        without_dag=selected.without_dag,
        other=selected.other,
        forbidden=selected.forbidden,
        sample=[
            Planned(event_number=item.event, dag_id=item.dag_id, job_number=item.job)
            for item in selected.items[:SAMPLE]
        ],
    )


def _logged(session: Session, user: Any, action: str, replay: Replay) -> None:
    audit.record(session, user, action, replay=replay.seq, total=replay.total, selection=replay.selection)


def _visible(session: Session, user: Any, number: int) -> Replay:
    replay = store.get(session, number)
    own = replay is not None and replay.created_by == user.get_name()
    if replay is None or not (own or sight(user, session).everything):
        raise not_found(f"There is no replay {number}, or you may not see it.")
    return replay


def _require_all(session: Session, user: Any, number: int) -> None:
    require_trigger(user, None, session)
    _visible(session, user, number)
    left = store.dags(session, number)
    if left - may_run(user, left, session):
        raise forbidden("You may not trigger all Dags that these events go to.")
