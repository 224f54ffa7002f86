"""Which tasks have parked themselves, and which of those that had are gone.

Airflow writes a line into its ``log`` with each park, in the same transaction (``ti_update_state`` in
``airflow/api_fastapi/execution_api/routes/task_instances.py``). Reading on from the last line costs the same
however many tasks wait. Lines may become visible out of order, so that the last seconds are read again; what
that misses, and tasks that were cleared, ended or deleted, a slower look at the tables themselves finds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import timezone
from airflow.utils.state import TaskInstanceState
from sqlalchemy import exists, func, select, tuple_
from sqlalchemy.orm import Session

from hookline.database import autocommit, engine
from hookline.dispatch import waking
from hookline.exceptions import ConfigurationError
from hookline.protocol import wait
from hookline.protocol.wait import Wait
from hookline.waiters import store
from hookline.waiters.models import ANY, Waiter

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = structlog.get_logger(__name__)

PARKED = TaskInstanceState.AWAITING_INPUT
AT_ONCE = 1000
"""Tasks that are made known in one transaction."""
AGAIN = 10.0
"""Seconds of the log that are read again."""
UNDER_WAY = 1000
"""Lines before the newest that are read at first: the first sweep may not have seen their tasks yet."""
SWEEP = 30.0
"""Seconds between looks at the tables themselves."""
SWEPT = 1000
"""Waiters of which one sweep sees whether their tasks still wait."""


class Parked:
    """Finds parked tasks and makes them waiters; one in each process, all may do the same work.

    :param settling: seconds for which a task is left alone after it parked. A worker may learn only
        ``[workers] min_heartbeat_interval`` later that its process has ended (``_monitor_subprocess`` in
        ``airflow/sdk/execution_time/supervisor.py``), and the scheduler fails a task that runs again before
        it has heard of that (``process_executor_events`` in ``airflow/jobs/scheduler_job_runner.py``).
    """

    def __init__(self, settling: float = 0.0) -> None:
        self._settling = settling
        self._floor: int | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self._seen: set[int] = set()
        self._next_sweep = 0.0
        self._swept = 0

    def look(self) -> int:
        """Make tasks known that have parked themselves since the last look.

        :returns: how many are new.
        :raises SQLAlchemyError: the database is away.
        """
        if time.monotonic() >= self._next_sweep:
            found = self._sweep()
            if found < AT_ONCE:
                self._next_sweep = time.monotonic() + SWEEP
            return found
        with autocommit() as connection:
            lines = self._lines(connection)
        if not lines:
            return 0
        keys = [(line.dag_id, line.task_id, line.run_id, line.map_index) for line in lines]
        columns = (TaskInstance.dag_id, TaskInstance.task_id, TaskInstance.run_id, TaskInstance.map_index)
        with Session(engine()) as session, session.begin():
            added = _register(session, tuple_(*columns).in_(keys))
        self._seen |= {line.id for line in lines}
        return added

    def _lines(self, connection: Connection) -> list[Any]:
        newest = connection.scalar(select(func.max(Log.id))) or 0
        # Whoever cleans the log of SQLite lets its numbers begin again.
        if self._floor is None or newest < self._floor:
            self._floor = max(0, newest - UNDER_WAY)
            self._marks.clear()
            self._seen.clear()
        query = (
            select(Log.id, Log.dag_id, Log.task_id, Log.run_id, Log.map_index)
            .where(Log.id > self._floor, Log.id <= newest, Log.event == PARKED.value)
            .where(Log.dttm <= self._settled())
            .order_by(Log.id)
        )
        lines = [line for line in connection.execute(query) if line.id not in self._seen]
        if len(lines) <= AT_ONCE:  # else some would be passed over
            self._move_on(newest)
        return lines[:AT_ONCE]

    def _move_on(self, newest: int) -> None:
        now = time.monotonic()
        self._marks.append((now, newest))
        while self._marks[0][0] < now - AGAIN - self._settling:
            self._floor = self._marks.popleft()[1]
        self._seen = {number for number in self._seen if number > (self._floor or 0)}

    def _sweep(self) -> int:
        with Session(engine()) as session, session.begin():
            unknown = ~exists().where(Waiter.instance_id == TaskInstance.id)
            settled = TaskInstance.updated_at <= self._settled()
            found = _register(session, TaskInstance.next_method == wait.METHOD, unknown, settled)
            rows = store.after(session, self._swept, SWEPT)
            self._swept = rows[-1].seq if len(rows) == SWEPT else 0
            store.forget(session, _gone(session, rows))
        return found

    def _settled(self) -> datetime:
        return timezone.utcnow() - timedelta(seconds=self._settling)


def _gone(session: Session, rows: Collection[Any]) -> list[int]:
    if not rows:
        return []
    numbers = [row.instance_id for row in rows]
    query = select(TaskInstance.id).where(TaskInstance.id.in_(numbers), TaskInstance.state == PARKED)
    waiting = set(session.scalars(query))
    return [row.seq for row in rows if row.instance_id not in waiting]


def _register(session: Session, *conditions: Any) -> int:
    columns = (TaskInstance.id, TaskInstance.dag_id, TaskInstance.run_id, TaskInstance.task_id)
    query = (
        select(*columns, TaskInstance.map_index, TaskInstance.state, TaskInstance.next_kwargs)
        .where(TaskInstance.state == PARKED, *conditions)
        .limit(AT_ONCE)
    )
    rows, changed = [], 0
    for task in session.execute(query).all():
        given = waking.wait_of(task)
        if given is None or given.get("kind") != wait.EVENTS:
            continue
        try:
            rows.append(_row(task, given["id"], Wait.from_json(given)))
        except ConfigurationError as error:
            changed += waking.refuse(session, task.id, given["id"], str(error))
    return changed + store.add(session, rows)


def _row(task: Any, wait_id: str, asked: Wait) -> dict[str, Any]:
    if len(wait_id) > 64:
        raise ConfigurationError("The task's wait has an id of more than 64 characters.")
    return {
        "wait_id": wait_id,
        "instance_id": task.id,
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": task.map_index,
        "source": asked.source,
        "correlation": ANY if asked.correlation is None else wait.key(asked.correlation),
        "event_type": asked.event_type,
        "condition": asked.condition,
        "wanted": asked.count,
        "within": asked.within,
        "shared": asked.shared,
        "since": asked.since,
        "own_event": asked.own_event,
        "ready": False,
        "created_at": timezone.utcnow(),
    }
