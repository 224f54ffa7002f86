"""What one look sees: the log, the steps that changed, the tries that are over, the runs themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from hookline.observe import reading, transitions
from hookline.observe.models import OpenRun
from hookline.observe.reading import CHUNK, OVERLAP
from hookline.observe.transitions import Run
from hookline.steps.transition import CREATED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.observe.transitions import Logged
    from hookline.steps.transition import Transition

SLACK = timedelta(seconds=3)
"""How far every look goes back; a thorough one goes back :data:`~hookline.observe.reading.OVERLAP`."""
THOROUGH_EVERY = timedelta(seconds=10)
STRETCH = timedelta(minutes=10)
"""The most that one look catches up with."""


class Look:
    """One look, within its transaction."""

    def __init__(self, session: Session, row: Any, now: datetime) -> None:
        self.session = session
        self.now = now
        self.runs: dict[int, Any] = {}
        self.cursor, self._log_head, self._run_head, *stamp = row
        self.stamp = tuple(stamp)
        self._behind_in_time = now - self.cursor.seen_to > STRETCH
        self._until = self.cursor.seen_to + STRETCH if self._behind_in_time else None
        self._last: tuple[int, datetime] | None = None
        self._thorough = now - self.cursor.thorough_at >= THOROUGH_EVERY

    @property
    def behind(self) -> bool:
        """Whether more has happened than this look took in."""
        return self._behind_in_time or self._last is not None

    def see(self) -> dict[Transition, datetime | None]:
        """Return what must have happened, and when, where the log says so."""
        cursor, session = self.cursor, self.session
        fresh = reading.Fresh([], set(), None)
        if self._log_head > cursor.log_id:
            fresh = reading.fresh(session, cursor.log_id)
            self._last = fresh.last
        self._thorough = self._thorough and not self.behind
        if self._run_head > cursor.run or self._thorough:
            self._open(reading.new_runs(cursor.run, self._opened_at, self.now, also_old=self._thorough))
        since = cursor.seen_to - (OVERLAP if self._thorough else SLACK)
        rows = self._changed(since)
        reopened = fresh.runs - self.runs.keys()
        if reopened:
            self._open(reading.these_runs(reopened, self._opened_at))
            rows = self._changed(since)
        logged = list(fresh.steps)
        past: list[Transition] = []
        if self._thorough:
            logged += reading.logged_again(session, cursor.log_id_before, cursor.log_id)
            ended = [row.id for row in self.runs.values() if _over(row, self.now)]
            past = list(
                _of_past(session, list(self.runs), min([since, *(self.runs[run].opened_at for run in ended)]))
            )
            if ended:
                rows += reading.all_of(session, ended)
                session.execute(delete(OpenRun).where(OpenRun.run.in_(ended)))
        past += _failures(session, logged, rows)
        return _together(logged, past, rows, self.runs)

    @property
    def _opened_at(self) -> datetime:
        seen_to: datetime = self.cursor.seen_to
        return seen_to - OVERLAP

    def _open(self, query: Any) -> None:
        statement = insert(self.session)(OpenRun).from_select(["run", "opened_at"], query)
        self.session.execute(statement.on_conflict_do_nothing())

    def _changed(self, since: datetime) -> list[Any]:
        rows = reading.changed(self.session, since, self._until)
        self.runs = {row.id: row for row in rows}
        return rows

    def advance(self) -> None:
        """Set the cursor to where the next look begins."""
        cursor, head = self.cursor, self._log_head
        cursor.log_id = self._last[0] if self._last else head
        cursor.run, cursor.seen_to = self._run_head, self._until or self.now
        # A restored database has lower ids than were seen.
        cursor.log_id_before = min(cursor.log_id_before, head)
        if self._thorough:
            cursor.thorough_at = self.now
        if self._last is not None and self._last[1] < self.now - 2 * OVERLAP:
            cursor.log_id_before = cursor.log_id_between = self._last[0]
        elif self.now - cursor.turned_at >= OVERLAP:
            cursor.log_id_before, cursor.log_id_between = cursor.log_id_between, cursor.log_id
            cursor.turned_at = self.now


def _together(
    logged: Iterable[Logged], past: Iterable[Transition], rows: Iterable[Any], runs: Mapping[int, Any]
) -> dict[Transition, datetime | None]:
    found: dict[Transition, datetime | None] = {}
    for entry in logged:
        if entry.run in runs:
            for one in transitions.of_log(entry):
                # A row for `running` says that the try began before, not when.
                found[one] = None if one.name == CREATED else entry.at
    of_runs = (
        Run(row.id, str(row.run_state), row.clear_number, row.run_start is not None) for row in runs.values()
    )
    for one in (
        *past,
        *(one for step in reading.steps(rows) for one in transitions.of_step(step)),
        *(one for run in of_runs for one in transitions.of_run(run)),
    ):
        found.setdefault(one, None)
    return found


def _over(row: Any, now: datetime) -> bool:
    final = row.run_state in ("success", "failed")
    return final and row.run_end is not None and now - row.run_end > OVERLAP


def _of_past(session: Session, runs: Sequence[int], since: datetime) -> Iterable[Transition]:
    tries = [
        one
        for start in range(0, len(runs), CHUNK)
        for one in reading.past(session, runs[start : start + CHUNK], since)
    ]
    failed = reading.failures_logged(session, [one for one in tries if one.state == "failed"])
    for one in tries:
        logged = (one.run, one.task_id, one.map_index, one.try_number) in failed
        yield from transitions.of_past(one, failure_logged=logged)


def _failures(session: Session, logged: Iterable[Logged], rows: Iterable[Any]) -> Iterable[Transition]:
    present = {(row.id, row.task_id, row.map_index): row.try_number for row in rows}
    gone_on = [
        one
        for one in logged
        if one.event == "failed"
        and not one.by_api
        and present.get((one.run, one.task_id, one.map_index), 0) > one.try_number
    ]
    recorded = reading.recorded(session, gone_on) if gone_on else set()
    for one in gone_on:
        key = (one.run, one.task_id, one.map_index)
        yield from transitions.of_failure(one, present[key], recorded=(*key, one.try_number) in recorded)


def insert(session: Session) -> Any:
    """Return the ``INSERT`` of the session's database, which can ignore rows that exist."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
