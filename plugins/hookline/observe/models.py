"""How far was looked, what was seen, and the step webhooks that are declared outside of code."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base


class Cursor(Base):
    """How far was looked; one row, whose lock is the right to look.

    ``log_id`` and ``run`` are the highest ids of Airflow's ``log`` and ``dag_run`` that were looked at,
    ``seen_to`` the time up to which task instances were. Ids and times may come to light late, so a thorough
    look begins again at ``log_id_before``, which was the highest id at least a minute before ``turned_at``.
    """

    __tablename__ = "hookline_cursor"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    log_id: Mapped[int] = mapped_column(BigInteger)
    log_id_between: Mapped[int] = mapped_column(BigInteger)
    log_id_before: Mapped[int] = mapped_column(BigInteger)
    run: Mapped[int] = mapped_column(BigInteger)
    seen_to: Mapped[datetime] = mapped_column(UtcDateTime)
    thorough_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turned_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OpenRun(Base):
    """A run that is looked at: of a Dag with step webhooks, until it has been looked at after its end."""

    __tablename__ = "hookline_open_run"

    run: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Seen(Base):
    """A transition that somebody was to be told of; the key keeps it from being told twice."""

    __tablename__ = "hookline_transition"

    run: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    task_id: Mapped[str] = mapped_column(String(250), primary_key=True)
    map_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    try_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Registered(Base):
    """A step webhook from YAML, the management API or the console.

    ``task_id`` is a task or a task group; empty for every task of the Dag, or for its runs. ``definition`` is
    the JSON of a :class:`~hookline.steps.definition.StepWebhook`; ``enabled`` counts, not the one in it.
    """

    __tablename__ = "hookline_step_webhook"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    dag_id: Mapped[str] = mapped_column(String(250), index=True)
    task_id: Mapped[str] = mapped_column(String(250))
    definition: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean)
    origin: Mapped[str] = mapped_column(String(20))
    author: Mapped[str | None] = mapped_column(String(250))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
