"""The table of jobs."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

RUN, WAKE, ASSET, MANUAL = KINDS = ("run", "wake", "asset", "manual")
"""A Dag run, a waiting task that went on, an asset event; a run that a person started."""

PENDING = "pending"
"""Decided; it goes out at ``due_at``."""
HELD = "held"
"""Its Dag cannot run at present; it goes out when the Dag can. Or a person holds it."""
GATHERING = "gathering"
"""It waits for its batch, for its key to be quiet, or for its turn."""
DONE = "done"
"""It went out: the run exists, the task was woken, the asset event is registered."""
REFUSED = "refused"
"""Airflow refuses it as it is; a person has to look."""
FAILED = "failed"
"""Its tries are used up; a person may let it run again."""
CANCELLED = "cancelled"
"""A person said that it is not to go out."""
STATES = (PENDING, HELD, GATHERING, DONE, REFUSED, FAILED, CANCELLED)


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


class Job(Base):
    """One thing that one event caused.

    ``seq`` is the running number that people see. ``event_seq`` is the inbox row, none for a manual run;
    source, id, type and time of the event are copied, so that the record outlives the inbox. ``target`` is a
    dag id, an asset's URI, or dag, run, task and map index of a woken task: an event has a target once, but
    for replays, which name the job they repeat in ``origin_seq``. ``body`` is the event where it is not the
    inbox's. ``run_paused`` lets it go out although its Dag is paused. ``held_by`` is the person who holds it,
    whatever its Dag could do. ``gather_key`` is what it waits with: jobs of one Dag and key are one batch or
    one queue.
    """

    __tablename__ = "hookline_job"
    __table_args__ = (
        Index(
            "hookline_job_target_key",
            "event_seq",
            "kind",
            "target",
            unique=True,
            postgresql_where=text("origin_seq IS NULL"),
            sqlite_where=text("origin_seq IS NULL"),
        ),
        Index("hookline_job_source_idx", "source", "seq"),
        Index("hookline_job_type_idx", "event_type", "seq"),
        Index("hookline_job_dag_idx", "dag_id", "seq"),
        Index("hookline_job_run_idx", "run_id"),
        Index("hookline_job_event_idx", "event_id"),
        Index("hookline_job_created_idx", "created_at"),
        _partial("hookline_job_kind_idx", "kind", "seq", where="kind <> 'run'"),
        _partial("hookline_job_state_idx", "state", "seq", where="state <> 'done'"),
        _partial("hookline_job_pending_idx", "due_at", "seq", where="state = 'pending'"),
        _partial("hookline_job_held_idx", "dag_id", "seq", where="state = 'held'"),
        _partial(
            "hookline_job_gathering_idx", "dag_id", "gather_key", "event_seq", where="state = 'gathering'"
        ),
        _partial("hookline_job_origin_idx", "origin_seq", where="origin_seq IS NOT NULL"),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_seq: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(100))
    event_id: Mapped[str] = mapped_column(String(250))
    event_type: Mapped[str] = mapped_column(String(250))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    url: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(1500))
    dag_id: Mapped[str | None] = mapped_column(String(250))
    run_id: Mapped[str | None] = mapped_column(String(250))
    task_id: Mapped[str | None] = mapped_column(String(250))
    map_index: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    gather_key: Mapped[str | None] = mapped_column(String(250))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin_seq: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_paused: Mapped[bool | None] = mapped_column(Boolean)
    held_by: Mapped[str | None] = mapped_column(Text)


class Turn(Base):
    """Whose turn it is: the job that has a key of a Dag that takes one event after another."""

    __tablename__ = "hookline_turn"

    dag_id: Mapped[str] = mapped_column(String(250), primary_key=True)
    gather_key: Mapped[str] = mapped_column(String(250), primary_key=True)
    job_seq: Mapped[int] = mapped_column(BigInteger)


class Progress(Base):
    """How far a loop has come; its lock is that of the one replica that goes on."""

    __tablename__ = "hookline_progress"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
