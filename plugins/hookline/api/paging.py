"""Pages by keyset: a cursor says after which row the next page begins."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Query
from pydantic import BaseModel

from hookline.api.problems import INVALID
from hookline.protocol.problem import Rejected

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MAX_LIMIT = 200
MAX_CURSOR = 4000
UNKNOWN = "`cursor` is not one that a page gave; leave it out for the first page."
_PLACE = re.compile(r"([0-9]{1,16})\.([0-9]{1,18})")
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

    @classmethod
    def numbered(cls, number: int) -> Place:
        """Return the place in an order by number alone."""
        return cls(EPOCH, number)

    def cursor(self) -> str:
        """Return it as it is given out."""
        return _written(f"{(self.at - EPOCH) // MICROSECOND}.{self.number}")


def naming(name: str) -> str:
    """Return the cursor of a place in an order by name."""
    return _written(f"={name}")


def named(cursor: str | None) -> str:
    """Return the name that a cursor names, empty without one.

    :raises Rejected: it is none that was given out.
    """
    if cursor is None:
        return ""
    text = _read(cursor)
    if not text.startswith("="):
        raise Rejected(INVALID, UNKNOWN)
    return text[1:]


def place(cursor: str | None) -> Place | None:
    """Return the place that a cursor names.

    :raises Rejected: it is none that was given out.
    """
    if cursor is None:
        return None
    written = _PLACE.fullmatch(_read(cursor))
    if written is None:
        raise Rejected(INVALID, UNKNOWN)
    return Place(EPOCH + int(written[1]) * MICROSECOND, int(written[2]))


def _written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Rejected(INVALID, UNKNOWN) from None
