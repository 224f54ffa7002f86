"""What Airflow's tables say since the last look; every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.models.dag import DagTag
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from sqlalchemy import and_, func, literal, or_, select, tuple_

from hookline.observe.models import OpenRun, Registered
from hookline.observe.transitions import LOGGED, Logged, Past, Step
from hookline.steps.declared import TAG

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

LIMIT = 5000
"""Rows of one look at a table; the next look goes on from there."""
CHUNK = 1000
"""Keys of one statement; SQLite takes 32,766 parameters."""
OVERLAP = timedelta(seconds=60)
"""How late a row may come to light, and how far the clocks of Airflow's machines may be apart."""
LATE = 1000
"""How many runs may come to light before one that was begun earlier."""


def watched() -> Select[tuple[str]]:
    """Return the query of the Dags that have step webhooks."""
    tagged = select(DagTag.dag_id).where(DagTag.name == TAG)
    return select(tagged.union(select(Registered.dag_id)).subquery().c.dag_id)


def heads() -> tuple[Any, ...]:
    """Return the columns of the highest ids of ``log`` and ``dag_run``, and what registration changes."""
    return (
        select(func.coalesce(func.max(Log.id), 0)).scalar_subquery().label("log_head"),
        select(func.coalesce(func.max(DagRun.id), 0)).scalar_subquery().label("run_head"),
        select(func.count(Registered.name)).scalar_subquery().label("registered"),
        select(func.max(Registered.updated_at)).scalar_subquery().label("registered_at"),
    )


def new_runs(after: int, opened_at: datetime, now: datetime, *, also_old: bool) -> Any:
    """Return the query of the runs to open: those with a greater id, and old ones that go on.

    :param opened_at: since when they are looked at.
    :param also_old: also those that were begun again, and those whose id came to light late.
    """
    columns = (DagRun.id, literal(opened_at, OpenRun.opened_at.type))
    mine = DagRun.dag_id.in_(watched())
    found = select(*columns).where(DagRun.id > after, mine)
    if not also_old:
        return found
    late = and_(DagRun.id > after - LATE, DagRun.created_at >= now - OVERLAP)
    # One state each, as Airflow's partial indices have them.
    running, queued = (DagRun._state == state for state in ("running", "queued"))  # noqa: SLF001  the column itself
    united = found.union(*(select(*columns).where(one, mine) for one in (late, running, queued))).subquery()
    # SQLite takes `ON CONFLICT` after a condition only; without one it would belong to a join.
    return select(*united.c).where(united.c[0].is_not(None))


def these_runs(runs: Collection[int], opened_at: datetime) -> Any:
    """Return the query of certain runs to open."""
    return select(DagRun.id, literal(opened_at, OpenRun.opened_at.type)).where(DagRun.id.in_(runs))


@dataclass(frozen=True)
class Fresh:
    """Rows of the log after an id.

    :param runs: those that any row is about, also rows that tell no state.
    :param last: id and time of the last row, where there are more than the limit.
    """

    steps: list[Logged]
    runs: set[int]
    last: tuple[int, datetime] | None


def fresh(session: Session, after: int) -> Fresh:
    """Return the rows of the log with a greater id; those of runs that are deleted are left out."""
    query = _log().where(Log.id > after, Log.dag_id.in_(watched())).order_by(Log.id).limit(LIMIT)
    rows = session.execute(query).all()
    last = (rows[-1].id, rows[-1].dttm) if len(rows) == LIMIT else None
    return Fresh(_logged(rows), {row.run for row in rows}, last)


def logged_again(session: Session, after: int, to: int) -> list[Logged]:
    """Return the rows of the log that tell a state and have an id between two."""
    query = _log().where(Log.id > after, Log.id <= to, Log.dag_id.in_(watched()), Log.event.in_(LOGGED))
    return _logged(session.execute(query).all())


def _log() -> Any:
    return select(
        Log.id,
        DagRun.id.label("run"),
        Log.task_id,
        Log.map_index,
        Log.try_number,
        Log.event,
        Log.dttm,
        Log.extra.is_not(None).label("by_api"),
    ).join(DagRun, and_(DagRun.dag_id == Log.dag_id, DagRun.run_id == Log.run_id))


def _logged(rows: Iterable[Any]) -> list[Logged]:
    return [
        Logged(
            row.run,
            row.task_id,
            -1 if row.map_index is None else row.map_index,
            row.try_number,
            row.event,
            bool(row.by_api),
            row.dttm,
        )
        for row in rows
        if row.event in LOGGED and row.task_id and row.try_number is not None
    ]


_RUN = (
    DagRun.id,
    DagRun.dag_id,
    DagRun.run_id,
    DagRun._state.label("run_state"),  # noqa: SLF001  the column itself
    DagRun.run_type,
    DagRun.triggered_by,
    DagRun.triggering_user_name,
    DagRun.context_carrier,
    DagRun.logical_date,
    DagRun.run_after,
    DagRun.clear_number,
    DagRun.start_date.label("run_start"),
    DagRun.end_date.label("run_end"),
    DagRun.created_dag_version_id,
    OpenRun.opened_at,
)


def changed(session: Session, since: datetime, until: datetime | None) -> list[Any]:
    """Return open runs as rows, each with every step that changed since, or once with none.

    :param until: leaves later changes for the next look.
    """
    condition = TaskInstance.updated_at >= since
    if until is not None:
        condition = and_(condition, TaskInstance.updated_at < until)
    return list(session.execute(_with_steps(condition)).all())


def all_of(session: Session, runs: Collection[int]) -> list[Any]:
    """Return open runs with all steps that changed since the run was opened."""
    query = _with_steps(TaskInstance.updated_at >= OpenRun.opened_at).where(DagRun.id.in_(runs))
    return list(session.execute(query).all())


def _with_steps(condition: Any) -> Any:
    of_run = and_(TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id, condition)
    return (
        select(
            *_RUN,
            TaskInstance.task_id,
            TaskInstance.map_index,
            TaskInstance.try_number,
            TaskInstance.state,
        )
        .select_from(OpenRun)
        .join(DagRun, DagRun.id == OpenRun.run)
        .outerjoin(TaskInstance, of_run)
    )


def steps(rows: Iterable[Any]) -> list[Step]:
    """Return the steps of rows of :func:`changed`."""
    return [
        Step(row.id, row.task_id, row.map_index, row.try_number, row.state)
        for row in rows
        if row.task_id is not None
    ]


def past(session: Session, runs: Collection[int], since: datetime) -> list[Past]:
    """Return the tries of runs that ended since, and are over."""
    query = (
        select(
            DagRun.id,
            TaskInstanceHistory.task_id,
            TaskInstanceHistory.map_index,
            TaskInstanceHistory.try_number,
            TaskInstanceHistory.state,
            TaskInstanceHistory.max_tries,
        )
        .join(
            DagRun,
            and_(DagRun.dag_id == TaskInstanceHistory.dag_id, DagRun.run_id == TaskInstanceHistory.run_id),
        )
        .where(
            DagRun.id.in_(runs),
            or_(TaskInstanceHistory.end_date >= since, TaskInstanceHistory.updated_at >= since),
        )
    )
    return [Past(*row) for row in session.execute(query)]


def recorded(session: Session, tries: Collection[Logged]) -> set[tuple[int, str, int, int]]:
    """Return those of the tries that the history has."""
    return _found(session, TaskInstanceHistory, tries)


def failures_logged(session: Session, tries: Collection[Past]) -> set[tuple[int, str, int, int]]:
    """Return those of the tries for which the scheduler logged a failure."""
    return _found(session, Log, tries, Log.event == "failed", Log.extra.is_(None))


def _found(
    session: Session, table: Any, tries: Collection[Past] | Collection[Logged], *conditions: Any
) -> set[tuple[int, str, int, int]]:
    found: set[tuple[int, str, int, int]] = set()
    keys = [(one.run, one.task_id, one.map_index, one.try_number) for one in tries]
    columns = (DagRun.id, table.task_id, table.map_index, table.try_number)
    for start in range(0, len(keys), CHUNK):
        query = (
            select(*columns)
            .join(DagRun, and_(DagRun.dag_id == table.dag_id, DagRun.run_id == table.run_id))
            .where(tuple_(*columns).in_(keys[start : start + CHUNK]), *conditions)
        )
        found |= {tuple(row) for row in session.execute(query)}
    return found
