"""Looking at deliveries: pages by key, so that the last page costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from hookline.outbox.models import DELIVERED, STATES, Attempt, Delivery, EndpointState

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

MOST = 500
"""Rows of a page."""
CLOCKS = timedelta(hours=1)
"""How far the clocks of replicas may differ before a filter by time misses a delivery."""
END = 2**62


@dataclass(frozen=True)
class Filter:
    """Which deliveries; None and False leave a field open.

    :param dags: the Dags whose deliveries may be seen; None for all.
    :param added_from: the earliest ``added_at``.
    :param added_before: ``added_at`` is earlier.
    """

    state: str | None = None
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    webhook: str | None = None
    endpoint: str | None = None
    added_from: datetime | None = None
    added_before: datetime | None = None
    dags: frozenset[str] | None = None


def page(
    session: Session | Connection, only: Filter, *, before: int | None = None, limit: int = 50
) -> list[Any]:
    """Return the newest deliveries as rows, without payload and target.

    :param before: the ``seq`` that the page before ended with.
    """
    hidden = {"payload", "target"}
    columns = [column for column in Delivery.__table__.c if column.name not in hidden]
    query = select(*columns).where(*conditions(only))
    if before is not None:
        query = query.where(Delivery.seq < before)
    return list(session.execute(query.order_by(Delivery.seq.desc()).limit(min(limit, MOST))).all())


def conditions(only: Filter) -> list[Any]:
    """Return the conditions of a filter, for a query of deliveries."""
    found: list[Any] = []
    for name in ("state", "dag_id", "run_id", "task_id", "map_index", "webhook", "endpoint"):
        value = getattr(only, name)
        if value is not None:
            found.append(getattr(Delivery, name) == value)
    if only.state is not None and only.state != DELIVERED:
        found.append(Delivery.state != DELIVERED)  # names the partial index
    if only.dags is not None:
        found.append(Delivery.dag_id.in_(only.dags))
    # Numbers grow with time: the bounds of the number are found by the index on the time.
    if only.added_from is not None:
        first = _nearest(Delivery.added_at < only.added_from - CLOCKS, Delivery.added_at.desc())
        found += [Delivery.added_at >= only.added_from, Delivery.seq > func.coalesce(first, 0)]
    if only.added_before is not None:
        last = _nearest(Delivery.added_at > only.added_before + CLOCKS, Delivery.added_at)
        found += [Delivery.added_at < only.added_before, Delivery.seq < func.coalesce(last, END)]
    return found


def _nearest(condition: Any, order: Any) -> Any:
    return select(Delivery.seq).where(condition).order_by(order).limit(1).scalar_subquery().correlate(None)


def find(session: Session | Connection, delivery_id: str) -> Any | None:
    """Return the whole row of a delivery."""
    return session.execute(select(Delivery.__table__).where(Delivery.delivery_id == delivery_id)).first()


def attempts(
    session: Session | Connection, delivery: int, *, before: int | None = None, limit: int = 50
) -> list[Any]:
    """Return the newest attempts at a delivery.

    :param delivery: its ``seq``.
    """
    query = select(Attempt.__table__).where(Attempt.delivery == delivery)
    if before is not None:
        query = query.where(Attempt.seq < before)
    return list(session.execute(query.order_by(Attempt.seq.desc()).limit(min(limit, MOST))).all())


def endpoints(
    session: Session | Connection, *, after: str = "", state: str | None = None, limit: int = 50
) -> list[Any]:
    """Return endpoints by key."""
    query = select(EndpointState.__table__).where(EndpointState.key > after)
    if state is not None:
        query = query.where(EndpointState.state == state)
    return list(session.execute(query.order_by(EndpointState.key).limit(min(limit, MOST))).all())


def counts(session: Session | Connection) -> dict[str, int]:
    """Return how many deliveries are in each state but ``delivered``."""
    query = select(Delivery.state, func.count()).where(Delivery.state != DELIVERED).group_by(Delivery.state)
    found = {state: int(number) for state, number in session.execute(query)}
    return {state: found.get(state, 0) for state in STATES if state != DELIVERED}
