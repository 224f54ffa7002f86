"""``/jobs/{number}/hold`` and ``…/release``: one job that is not to go out yet, or goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from hookline.api import audit
from hookline.api.access import require_trigger, sight
from hookline.api.desk import Desk
from hookline.api.fields import Number
from hookline.api.jobs import JobSummary
from hookline.api.problems import CONFLICT, not_found
from hookline.api.route import Caller, Guarded
from hookline.jobs import holding, store
from hookline.jobs.holding import Wrong
from hookline.protocol.problem import Rejected

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from sqlalchemy.orm import Session

    from hookline.jobs.models import Job

router = APIRouter(route_class=Guarded, tags=["Jobs"])


@router.post("/jobs/{number}/hold")
async def hold_job(request: Request, user: Caller, number: Number) -> JobSummary:
    """Let a job that has not gone out wait until somebody releases it, whatever its Dag could do."""

    def hold(session: Session, now: datetime) -> Job:
        return holding.hold(session, number, user.get_name(), now)

    return await _change(request, user, number, "hold_job", hold)


@router.post("/jobs/{number}/release")
async def release_job(request: Request, user: Caller, number: Number) -> JobSummary:
    """Let a held job go on; while its Dag cannot run, it is held again."""

    def release(session: Session, now: datetime) -> Job:
        return holding.release(session, number, now)

    return await _change(request, user, number, "release_job", release)


async def _change(
    request: Request,
    user: BaseUser,
    number: int,
    action: str,
    how: Callable[[Session, datetime], Job],
) -> JobSummary:
    def change(session: Session) -> JobSummary:
        require_trigger(user, None, session)
        row = store.get(session.connection(), number)
        if row is None or not sight(user, session).sees(row.dag_id, row.source):
            raise not_found(f"There is no job {number}, or you may not see it.")
        require_trigger(user, row.dag_id, session)
        try:
            job = how(session, datetime.now(UTC))
        except Wrong as error:
            raise Rejected(CONFLICT, str(error)) from None
        audit.record(session, user, action, dag_id=job.dag_id, job=number)
        return JobSummary.of(job)

    return await Desk.of(request).write(change)
