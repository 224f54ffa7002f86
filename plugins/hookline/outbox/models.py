"""The outbox: deliveries, each attempt at one, and the state of the endpoints they go to."""

from __future__ import annotations

from datetime import datetime

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base

PENDING = "pending"
"""To be sent at ``due_at``; while it is being sent, ``due_at`` is when another replica may take it over."""
DELIVERED = "delivered"
"""The receiver answered with a 2xx."""
DEAD = "dead"
"""The schedule has ended, or it can never be sent as it is; a person may replay it."""
HELD = "held"
"""Its endpoint is disabled; it goes out when that is enabled."""
CANCELLED = "cancelled"
"""A person took it back."""

STATES = (PENDING, DELIVERED, DEAD, HELD, CANCELLED)

_PENDING = text("state = 'pending'")
_UNDELIVERED = text("state != 'delivered'")


class Delivery(Base):
    """One message for one receiver.

    ``endpoint`` is the key of an :class:`EndpointState`; ``target`` the JSON of a
    :class:`~hookline.outbox.message.Endpoint`. ``attempts`` counts all, ``failures`` those since it was added
    or replayed: the place in the schedule. ``status`` and ``reason`` are the last attempt's.
    """

    __tablename__ = "hookline_delivery"
    __table_args__ = (
        UniqueConstraint("delivery_id"),
        Index(
            "hookline_delivery_due_idx",
            "endpoint",
            "due_at",
            "seq",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        Index(
            "hookline_delivery_order_idx", "endpoint", "seq", postgresql_where=_PENDING, sqlite_where=_PENDING
        ),
        Index(
            "hookline_delivery_state_idx",
            "state",
            "seq",
            postgresql_where=_UNDELIVERED,
            sqlite_where=_UNDELIVERED,
        ),
        Index("hookline_delivery_run_idx", "dag_id", "run_id", "seq"),
        Index("hookline_delivery_dag_idx", "dag_id", "seq"),
        Index("hookline_delivery_webhook_idx", "webhook", "seq"),
        Index("hookline_delivery_endpoint_idx", "endpoint", "seq"),
        Index("hookline_delivery_added_idx", "added_at"),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    delivery_id: Mapped[str] = mapped_column(String(64))
    webhook: Mapped[str] = mapped_column(String(250))
    endpoint: Mapped[str] = mapped_column(String(250))
    target: Mapped[str] = mapped_column(Text)
    dag_id: Mapped[str] = mapped_column(String(250))
    run_id: Mapped[str] = mapped_column(String(250))
    task_id: Mapped[str | None] = mapped_column(String(250))
    map_index: Mapped[int] = mapped_column(Integer)
    try_number: Mapped[int] = mapped_column(Integer)
    transition: Mapped[str] = mapped_column(String(40))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    failures: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Attempt(Base):
    """One request and what became of it.

    ``delivery`` is the ``seq`` of a :class:`Delivery`, ``seconds`` how long it took. ``request_headers`` and
    ``response_headers`` are JSON objects without secrets, ``response_body`` the beginning of the answer.
    """

    __tablename__ = "hookline_attempt"
    __table_args__ = (Index("hookline_attempt_delivery_idx", "delivery", "seq"),)

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    delivery: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(Float)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    request_headers: Mapped[str] = mapped_column(Text)
    response_headers: Mapped[str | None] = mapped_column(Text)
    response_body: Mapped[str | None] = mapped_column(Text)


class EndpointState(Base):
    """Whether an endpoint is sent to.

    ``failures`` counts the attempts that failed since the last that did not, ``failing_since`` is when the
    first of them ended, ``openings`` counts how often the breaker opened meanwhile. ``full_at`` is the state
    of its rate (:func:`hookline.protocol.rate.take`), in Unix seconds.
    """

    __tablename__ = "hookline_endpoint"

    key: Mapped[str] = mapped_column(String(250), primary_key=True)
    conn_id: Mapped[str | None] = mapped_column(String(250))
    ordered: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    openings: Mapped[int] = mapped_column(Integer)
    probe_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    full_at: Mapped[float] = mapped_column(Float)
