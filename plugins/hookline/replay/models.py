"""The tables of replays and of what they have still to do."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

_BIG = BigInteger().with_variant(Integer, "sqlite")

PLANNED = "planned"
"""What it would do was shown; nothing happens until somebody starts it."""
RUNNING = "running"
DONE = "done"
CANCELLED = "cancelled"
LATEST, ORIGINAL = VERSIONS = ("latest", "original")
"""The newest version of each Dag, or the one that ran then."""


class Replay(Base):
    """One replay; ``seq`` is its own and never another's, so that no two make the same run.

    ``selection`` is the JSON of what was asked for. ``data`` is the JSON of what takes the place of the
    event's data. ``rate`` is in events a second.
    """

    __tablename__ = "hookline_replay"
    __table_args__ = (
        Index(
            "hookline_replay_running_idx",
            "due_at",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
        Index(
            "hookline_replay_planned_idx",
            "created_at",
            postgresql_where=text("state = 'planned'"),
            sqlite_where=text("state = 'planned'"),
        ),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    state: Mapped[str] = mapped_column(String(10))
    selection: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(10))
    data: Mapped[str | None] = mapped_column(Text)
    rate: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    gone: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReplayItem(Base):
    """One event that is still to go to one Dag; gone as soon as its job is there.

    ``event_seq`` is the inbox row; ``job_seq`` the job that is repeated, none where the event had none.
    """

    __tablename__ = "hookline_replay_item"

    replay: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event_seq: Mapped[int] = mapped_column(BigInteger)
    dag_id: Mapped[str] = mapped_column(String(250))
    job_seq: Mapped[int | None] = mapped_column(BigInteger)
