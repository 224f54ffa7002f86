"""Airflow's audit log: who changed what (``airflow/api_fastapi/logging/decorators.py``)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow.models.log import Log

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from sqlalchemy.orm import Session


def record(session: Session, user: BaseUser, action: str, *, dag_id: str | None = None, **what: Any) -> None:
    """Add an entry to the caller's transaction: the change and its entry commit together.

    :param action: at most 50 characters; entries of Hookline begin with ``hookline_``.
    :param what: of the call, without secrets and without data of events.
    """
    name = user.get_name()
    session.add(
        Log(
            event=f"hookline_{action}",
            owner=name,
            owner_display_name=name,
            extra=json.dumps(what, default=str),
            dag_id=dag_id,
        )
    )
