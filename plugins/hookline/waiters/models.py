"""The tables of waiters."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

ANY = ""
"""The ``correlation`` of a waiter to which it does not matter."""


class Waiter(Base):
    """One parked task that waits for events.

    ``wait_id`` is the id in the task's ``next_kwargs``, ``instance_id`` is ``task_instance.id``: each try has
    its own. ``ready`` is set when the events that were stored before the waiter have been gone through.
    The other columns are those of :class:`hookline.protocol.wait.Wait`.
    """

    __tablename__ = "hookline_waiter"
    __table_args__ = (
        UniqueConstraint("wait_id"),
        Index("hookline_waiter_instance_idx", "instance_id"),
        Index("hookline_waiter_key_idx", "source", "correlation"),
        Index(
            "hookline_waiter_new_idx",
            "seq",
            postgresql_where=text("NOT ready"),
            sqlite_where=text("NOT ready"),
        ),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    wait_id: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[UUID] = mapped_column(Uuid)
    dag_id: Mapped[str] = mapped_column(String(250))
    run_id: Mapped[str] = mapped_column(String(250))
    task_id: Mapped[str] = mapped_column(String(250))
    map_index: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(100))
    correlation: Mapped[str] = mapped_column(String(200))
    event_type: Mapped[str | None] = mapped_column(String(200))
    condition: Mapped[str | None] = mapped_column(Text)
    wanted: Mapped[int] = mapped_column(Integer)
    within: Mapped[float | None] = mapped_column(Float)
    shared: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    own_event: Mapped[str | None] = mapped_column(String(250))
    ready: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Collected(Base):
    """An event that a waiter of several has; whole, since it may wait longer than the inbox keeps it."""

    __tablename__ = "hookline_collected"

    waiter_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[str] = mapped_column(Text)
