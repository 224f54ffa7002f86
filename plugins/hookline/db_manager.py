"""What ``airflow db migrate`` runs for Hookline's tables (``airflow/utils/db_manager.py``)."""

from __future__ import annotations

from pathlib import Path

from airflow.utils.db_manager import BaseDBManager

from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import Refusal
from hookline.jobs.models import Job, Progress, Turn
from hookline.observe.models import Cursor, OpenRun, Registered, Seen
from hookline.orm import Base
from hookline.outbox.models import Attempt, Delivery, EndpointState
from hookline.replay.models import Replay, ReplayItem
from hookline.tokens.models import Consent, KeptToken
from hookline.waiters.models import Collected, Waiter

_HERE = Path(__file__).parent / "migrations"


class HooklineDBManager(BaseDBManager):
    """Creates, upgrades and drops the ``hookline_*`` tables."""

    metadata = Base.metadata
    migration_dir = str(_HERE)
    alembic_file = str(_HERE / "alembic.ini")
    version_table_name = "alembic_version_hookline"
    supports_table_dropping = True


TABLES = (
    InboxEvent,
    Job,
    Turn,
    Progress,
    Replay,
    ReplayItem,
    Refusal,
    KeptToken,
    Consent,
    Delivery,
    Attempt,
    EndpointState,
    Waiter,
    Collected,
    Cursor,
    OpenRun,
    Seen,
    Registered,
)
"""Importing them fills the MetaData."""
