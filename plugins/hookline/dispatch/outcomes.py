"""What has become of events: the inbox row, the run, and the answer that a task left as an XCom."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import structlog
from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from airflow.utils.state import DagRunState
from sqlalchemy import and_, or_, select, tuple_

from hookline.database import autocommit
from hookline.exceptions import ConfigurationError
from hookline.inbox import models
from hookline.inbox.models import InboxEvent
from hookline.protocol import response
from hookline.protocol.outcome import (
    ACCEPTED,
    FAILED,
    GIVEN_UP,
    HELD,
    REFUSED,
    RUNNING,
    SUCCESS,
    UNKNOWN,
    Key,
    Outcome,
)

log = structlog.get_logger(__name__)

CHUNK = 1000
"""Events of one statement; SQLite takes 32,766 parameters."""
_IN_INBOX = {
    models.PENDING: ACCEPTED,
    models.HELD: HELD,
    models.QUARANTINED: REFUSED,
    models.FAILED: GIVEN_UP,
}
_OF_RUN = {DagRunState.SUCCESS: SUCCESS, DagRunState.FAILED: FAILED}


def look(keys: Collection[Key], final: bool = False) -> dict[Key, Outcome]:
    """Return the outcome of each event; blocking.

    :param final: only of those that are final; the others are left out.
    :raises SQLAlchemyError: the database is away.
    """
    wanted = list(keys)
    found: dict[Key, Outcome] = {} if final else dict.fromkeys(wanted, Outcome(UNKNOWN))
    with autocommit() as connection:
        for start in range(0, len(wanted), CHUNK):
            for row in connection.execute(_query(wanted[start : start + CHUNK], final)):
                found[(row.source, row.event_id)] = _outcome(row)
    return found


def _query(keys: list[Key], final: bool) -> Any:
    answer = and_(XComModel.dag_run_id == DagRun.id, XComModel.key == response.KEY)
    query = (
        select(
            InboxEvent.source,
            InboxEvent.event_id,
            InboxEvent.state.label("event_state"),
            InboxEvent.dag_id,
            InboxEvent.run_id,
            DagRun.state.label("run_state"),
            XComModel.__table__.c.value,
        )
        .select_from(InboxEvent)
        .outerjoin(DagRun, and_(DagRun.dag_id == InboxEvent.dag_id, DagRun.run_id == InboxEvent.run_id))
        .outerjoin(XComModel, answer)
        .where(tuple_(InboxEvent.source, InboxEvent.event_id).in_(keys))
        # Of several answers the first counts: the last row of an event is the one that stays.
        .order_by(XComModel.timestamp.desc())
    )
    if not final:
        return query
    return query.where(
        or_(
            InboxEvent.state.in_((models.HELD, *models.GIVEN_UP)),
            DagRun.state.in_((DagRunState.SUCCESS, DagRunState.FAILED)),
            XComModel.key.is_not(None),
            and_(
                InboxEvent.state == models.DISPATCHED,
                DagRun.id.is_(None),
                or_(InboxEvent.run_id.is_not(None), InboxEvent.dag_id.is_(None)),
            ),
        )
    )


def _outcome(row: Any) -> Outcome:
    status = _IN_INBOX.get(row.event_state)
    if status is not None:
        return Outcome(status)
    if row.run_state is None:
        return Outcome(_without_run(row))
    status = _OF_RUN.get(row.run_state, RUNNING)
    if row.value is None:
        return Outcome(status)
    try:
        return Outcome(status, response.load(row.value))
    except ConfigurationError as error:
        log.warning("answer of a task not sent", source=row.source, event_id=row.event_id, reason=str(error))
        return Outcome(FAILED)


def _without_run(row: Any) -> str:
    if row.dag_id is None:  # it updated an asset, or went to a waiting task
        return SUCCESS
    # Its run is to come, with others or when it has its turn; or somebody deleted it.
    return ACCEPTED if row.run_id is None else UNKNOWN
