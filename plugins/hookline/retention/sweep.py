"""Deletes old rows in batches, each in a transaction of its own; nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, select

from hookline.database import engine

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hookline.retention.rules import Rule


def sweep(rule: Rule, before: datetime, batch: int, *, dry: bool = False) -> Iterator[int]:
    """Delete, or only count, what is older and may go; blocking.

    It walks the primary key from the oldest row, so that it needs no index on the time, and stops at the
    first batch that is young altogether.

    :param before: rows written earlier may go.
    :param batch: rows looked at in one transaction.
    :param dry: count only.
    :returns: how many rows went, batch by batch.
    """
    last = -1
    while True:
        with engine().begin() as connection:
            found = _look(connection, rule, before, last, batch)
            numbers = [seq for seq, _, gone in found if gone]
            yield len(numbers) if dry else _delete(connection, rule, numbers, before)
        if len(found) < batch or not any(old for _, old, _ in found):
            return
        last = found[-1][0]


def _look(
    connection: Connection, rule: Rule, before: datetime, last: int, batch: int
) -> list[tuple[int, bool, bool]]:
    old = rule.at < before
    columns = (rule.key, old.label("old"), and_(old, rule.may_go).label("gone"))
    query = select(*columns).where(rule.key > last).order_by(rule.key).limit(batch)
    return [(seq, bool(is_old), bool(gone)) for seq, is_old, gone in connection.execute(query)]


def _delete(connection: Connection, rule: Rule, numbers: list[int], before: datetime) -> int:
    if not numbers:
        return 0
    may_go = and_(rule.key.in_(numbers), rule.at < before, rule.may_go)
    gone = delete(rule.model).where(may_go).returning(rule.key)
    deleted = list(connection.scalars(gone))
    for column in rule.parts:
        connection.execute(delete(column.class_).where(column.in_(deleted)))
    return len(deleted)
