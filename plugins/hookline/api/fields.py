"""Types of what callers send, each within bounds that the database keeps too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# PostgreSQL keeps no U+0000, and nobody looks for it.
WITHOUT_NUL = "^[^\x00]*$"


def _in_range(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError(f"must be between {EARLIEST:%Y} and {LATEST:%Y}")
    return value.astimezone(UTC)


Name = Annotated[str, StringConstraints(min_length=1, max_length=250, pattern=WITHOUT_NUL)]
Words = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=WITHOUT_NUL)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
MapIndex = Annotated[int, Field(ge=-1, lt=2**31)]
