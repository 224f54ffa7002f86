"""Pages by keyset: a cursor says after which row the next page begins."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Query
from pydantic import BaseModel

from hookline.api.problems import INVALID
from hookline.protocol.problem import Rejected

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MAX_LIMIT = 200
MAX_CURSOR = 200
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows of a page")]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the page before")]
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A page, newest first."""

    items: list[T]
    next_cursor: str | None
    """For the next page; null on the last one."""


class Place(NamedTuple):
    """A row's place in the order by time and number."""

    at: datetime
    number: int

    def cursor(self) -> str:
        """Return it as it is given out."""
        text = f"{(self.at - EPOCH) // MICROSECOND}.{self.number}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(cursor: str | None) -> Place | None:
    """Return the place that a cursor names.

    :raises Rejected: it is none that was given out.
    """
    if cursor is None:
        return None
    found: Place | None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, number = text.partition(".")
        found = Place(EPOCH + int(at) * MICROSECOND, int(number))
    except (binascii.Error, ValueError, OverflowError):
        found = None
    if found is None or not 0 <= found.number < 2**63:
        raise Rejected(INVALID, "`cursor` is not one that a page gave; leave it out for the first page.")
    return found
