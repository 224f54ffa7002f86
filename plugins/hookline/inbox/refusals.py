"""Refused requests, the newest of each source: for the person who asks why nothing arrives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import BigInteger, Index, Integer, String, Text, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from hookline.orm import Base, names

if TYPE_CHECKING:
    from sqlalchemy import Connection

NO_SOURCE = ""
"""Stands for all names that are no source's: strangers invent them without end."""
LINKS = "-links"
"""Stands for the resume links; no source can be called that."""


class Refusal(Base):
    """One kind of refusal of a source within a second or so, ``times`` times.

    ``request`` is the JSON of the last such request: method, path, headers and query without secrets, and the
    beginning of its body where ``[hookline] refused_body_bytes`` says so.
    """

    __tablename__ = "hookline_refusal"
    __table_args__ = (Index("hookline_refusal_source_idx", "source", "seq"),)

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    source: Mapped[str] = mapped_column(String(100))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(String(40))
    status: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    client: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(Integer)


@dataclass(slots=True)
class Refused:
    """A row to be, fields as in :class:`Refusal`."""

    source: str
    refused_at: datetime
    problem: str
    status: int
    reason: str
    client: str
    request: str
    times: int = 1


def keep(connection: Connection, refused: Sequence[Refused], most: int) -> None:
    """Add refusals and drop the oldest of their sources.

    :param most: rows that a source keeps.
    """
    connection.execute(insert(Refusal), [asdict(one) for one in refused])
    for source in sorted({one.source for one in refused}):
        oldest = (
            select(Refusal.seq)
            .where(Refusal.source == source)
            .order_by(Refusal.seq.desc())
            .offset(most - 1)
            .limit(1)
            .scalar_subquery()
        )
        connection.execute(delete(Refusal).where(Refusal.source == source, Refusal.seq < oldest))


def page(
    connection: Connection,
    source: str | None,
    among: Collection[str] | None,
    *,
    limit: int,
    before: int | None,
) -> Any:
    """Return the newest refusals, of one source or of all.

    :param among: only of these sources.
    :param before: only those with a smaller number.
    """
    query = select(Refusal.__table__).order_by(Refusal.seq.desc()).limit(limit)
    if source is not None:
        query = query.where(Refusal.source == source)
    if among is not None:
        query = query.where(Refusal.source.in_(among))
    return connection.execute(query if before is None else query.where(Refusal.seq < before)).all()


def activity(
    connection: Connection, sources: Collection[str], since: datetime
) -> dict[str, tuple[datetime | None, int]]:
    """Return when a request to each source was refused last, and how many lately, of those that are kept."""
    if not sources:
        return {}
    asked = names(sources)
    own = Refusal.source == asked.c.name
    last = select(Refusal.refused_at).where(own).order_by(Refusal.seq.desc()).limit(1)
    total = select(func.coalesce(func.sum(Refusal.times), 0)).where(own, Refusal.refused_at >= since)
    parts = (part.correlate(asked).scalar_subquery() for part in (last, total))
    return {name: (at, int(times)) for name, at, times in connection.execute(select(asked.c.name, *parts))}


def recent(connection: Connection, source: str | None, limit: int) -> Any:
    """Return the newest refusals, of one source or of all."""
    query = select(Refusal.__table__).order_by(Refusal.seq.desc()).limit(limit)
    return connection.execute(query if source is None else query.where(Refusal.source == source)).all()
