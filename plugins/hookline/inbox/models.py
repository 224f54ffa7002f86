"""The inbox table."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

PENDING = "pending"
"""Accepted; the dispatcher has not looked at it, or may look again at ``due_at``."""
DISPATCHED = "dispatched"
"""Its Dag run exists."""
HELD = "held"
"""No Dag takes it at present; it goes out when one does."""
QUARANTINED = "quarantined"
"""Airflow refuses it as it is; a person has to look."""
FAILED = "failed"
"""It was handed on, and the tries of its jobs are used up; a person has to look."""
GIVEN_UP = (QUARANTINED, FAILED)
"""It has no run, and the same delivery sent again takes its place."""


class InboxEvent(Base):
    """One accepted event.

    ``candidates`` is the JSON list of dag ids that may run for it, best first: events with equal lists
    are held and released together. ``taken_by`` names the one waiting task that has it to itself.
    """

    __tablename__ = "hookline_event"
    __table_args__ = (
        UniqueConstraint("event_id", "source", name="hookline_event_event_id_source_key"),
        Index(
            "hookline_event_pending_idx",
            "seq",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "hookline_event_held_idx",
            "candidates",
            "seq",
            postgresql_where=text("state = 'held'"),
            sqlite_where=text("state = 'held'"),
        ),
        Index(
            "hookline_event_replay_idx",
            "source",
            "replay_key",
            postgresql_where=text("replay_key IS NOT NULL"),
            sqlite_where=text("replay_key IS NOT NULL"),
        ),
        Index("hookline_event_time_idx", "received_at", "seq"),
        Index("hookline_event_source_idx", "source", "received_at", "seq"),
        Index("hookline_event_type_idx", "event_type", "received_at", "seq"),
        Index(
            "hookline_event_dag_idx",
            "dag_id",
            "received_at",
            "seq",
            postgresql_where=text("dag_id IS NOT NULL"),
            sqlite_where=text("dag_id IS NOT NULL"),
        ),
        Index(
            "hookline_event_waiting_idx",
            "state",
            "received_at",
            "seq",
            postgresql_where=text("state != 'dispatched'"),
            sqlite_where=text("state != 'dispatched'"),
        ),
        Index(
            "hookline_event_correlation_idx",
            "correlation",
            "source",
            postgresql_where=text("correlation IS NOT NULL"),
            sqlite_where=text("correlation IS NOT NULL"),
        ),
        Index(
            "hookline_event_run_idx",
            "run_id",
            postgresql_where=text("run_id IS NOT NULL"),
            sqlite_where=text("run_id IS NOT NULL"),
        ),
        Index(
            "hookline_event_shelved_idx",
            "source",
            "state",
            postgresql_where=text("state IN ('held', 'quarantined', 'failed')"),
            sqlite_where=text("state IN ('held', 'quarantined', 'failed')"),
        ),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    source: Mapped[str] = mapped_column(String(100))
    event_id: Mapped[str] = mapped_column(String(250))
    event_type: Mapped[str] = mapped_column(String(200))
    candidates: Mapped[str] = mapped_column(String(2000))
    run_paused: Mapped[bool] = mapped_column(Boolean)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    dag_id: Mapped[str | None] = mapped_column(String(250))
    run_id: Mapped[str | None] = mapped_column(String(250))
    replay_key: Mapped[str | None] = mapped_column(String(64))
    correlation: Mapped[str | None] = mapped_column(String(200))
    taken_by: Mapped[str | None] = mapped_column(String(64))
