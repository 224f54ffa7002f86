"""What a database says when it is away is told from what it says about a value."""

from __future__ import annotations

import pytest
from asyncpg import exceptions
from sqlalchemy.exc import DBAPIError, OperationalError

from hookline.database import is_away


def of(error: Exception, *, invalidated: bool = False) -> DBAPIError:
    return DBAPIError("INSERT", {}, error, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (of(exceptions.CannotConnectNowError()), True),
        (of(exceptions.AdminShutdownError()), True),
        (of(exceptions.CrashShutdownError()), True),
        (of(exceptions.TooManyConnectionsError()), True),
        (of(exceptions.DiskFullError()), True),
        (of(exceptions.ConnectionDoesNotExistError()), True),
        (of(ValueError(), invalidated=True), True),
        (OperationalError("INSERT", {}, ValueError()), True),
        (ConnectionRefusedError(), True),
        (of(exceptions.UntranslatableCharacterError()), False),
        (of(exceptions.StringDataRightTruncationError()), False),
        (of(exceptions.QueryCanceledError()), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(getattr(value, "orig", value)).__name__,
)
def test_who_is_to_blame(error: Exception, away: bool) -> None:
    assert is_away(error) is away
