"""One question for all loops: which of them has something to do.

Each loop asked for itself, an idle Airflow would be asked a dozen times a second. A loop looks by itself too,
once a minute, for what no question of one line can tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.sdk import timezone
from sqlalchemy import exists, func, or_, select

from hookline.database import autocommit
from hookline.dispatch import manual, parked
from hookline.inbox import models as inbox
from hookline.inbox.models import InboxEvent
from hookline.jobs import models as jobs
from hookline.jobs.models import Job, Progress, Turn
from hookline.loop import Loop
from hookline.observe import reading, sweep
from hookline.observe.models import Cursor, OpenRun
from hookline.outbox import claims
from hookline.replay import models as replay
from hookline.replay import store as replays
from hookline.replay.models import Replay
from hookline.waiters.models import Waiter

SLOW = 60.0
"""Seconds after which a loop looks by itself."""


class Watch(Loop):
    """Wakes the loops that have something to do.

    :param poll: seconds between questions.
    :param wake: of each loop by its name, callable on any thread.
    :param holds_due: whether the dispatcher would look at what is held.
    """

    def __init__(
        self, poll: float, wake: Mapping[str, Callable[[], None]], holds_due: Callable[[], bool]
    ) -> None:
        super().__init__("watch", self._look, poll)
        self._wake_loop = wake
        self._holds_due = holds_due
        self._log_head: int | None = None
        self._log_changed = float("-inf")

    def _look(self) -> int:
        now = timezone.utcnow()
        with autocommit() as connection:
            row = connection.execute(question(now)).one()
        if self._log_head not in (None, row.log_head):
            self._log_changed = time.monotonic()
        self._log_head = row.log_head
        due = {
            "dispatch": row.dispatch or (row.held and self._holds_due()),
            "replay": row.replay,
            "delivery": row.delivery,
            # Lines of the log may become visible out of order.
            "waits": row.waits or time.monotonic() - self._log_changed < parked.AGAIN,
            "observe": row.observe is None or row.observe or row.log_head != row.log_seen,
        }
        for name, is_due in due.items():
            if is_due:
                self._wake_loop[name]()
        return 0


def question(now: datetime) -> Any:
    """Return the query: one row, true for each loop that has something to do."""
    cursor = select(Cursor).where(Cursor.name == sweep.NAME).subquery()
    begun = select(Progress.value).where(Progress.name == manual.NAME).scalar_subquery()
    log_head = select(func.coalesce(func.max(Log.id), 0)).scalar_subquery()
    run_head = select(func.coalesce(func.max(DagRun.id), 0)).scalar_subquery()
    return select(
        or_(
            _any(InboxEvent.seq, InboxEvent.state == inbox.PENDING, InboxEvent.due_at <= now),
            _any(Job.seq, Job.state == jobs.PENDING, Job.due_at <= now),
            _any(Job.seq, Job.state == jobs.GATHERING, Job.due_at <= now),
            _any(Turn.job_seq),
        ).label("dispatch"),
        or_(
            _any(InboxEvent.seq, InboxEvent.state == inbox.HELD),
            _any(Job.seq, Job.state == jobs.HELD),
            run_head >= begun,
        ).label("held"),
        or_(
            _any(Replay.seq, Replay.state == replay.RUNNING, Replay.due_at <= now),
            _any(Replay.seq, Replay.state == replay.PLANNED, Replay.created_at < now - replays.PLAN_LASTS),
        ).label("replay"),
        claims.due(now).exists().label("delivery"),
        _any(Waiter.seq, ~Waiter.ready).label("waits"),
        log_head.label("log_head"),
        select(cursor.c.log_id).scalar_subquery().label("log_seen"),
        select(
            or_(
                cursor.c.run != run_head,
                cursor.c.thorough_at < now - reading.OVERLAP,
                exists(select(OpenRun.run)),
            )
        )
        .scalar_subquery()
        .label("observe"),
    )


def _any(column: Any, *conditions: Any) -> Any:
    return exists(select(column).where(*conditions))
