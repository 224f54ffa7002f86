"""Recording a group of attempts; one that the database refuses keeps no other from being recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from hookline.outbox import results

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from hookline.outbox.results import Result
    from hookline.protocol.breaker import Rules

log = structlog.get_logger(__name__)


async def record(engine: AsyncEngine, ended: Sequence[Result], rules: Rules) -> list[str]:
    """Store attempts by one commit; if the database refuses it, each by its own.

    :returns: sentences about endpoints that were disabled.
    :raises SQLAlchemyError, OSError: the database is away; nothing that is not recorded is lost by it.
    """
    try:
        return await _record(engine, ended, rules)
    except (DBAPIError, ValueError) as error:  # ValueError: text that a driver cannot send
        if isinstance(error, OperationalError) or getattr(error, "connection_invalidated", False):
            raise
        log.warning("attempts are recorded one by one", error=type(error).__name__)
    notices: list[str] = []
    for one in ended:
        try:
            notices += await _record(engine, [one], rules)
        except (DBAPIError, ValueError):
            notices += await _record(engine, [_bare(one)], rules)
    return notices


async def _record(engine: AsyncEngine, ended: Sequence[Result], rules: Rules) -> list[str]:
    async with engine.begin() as connection:
        notices: list[str] = await connection.run_sync(results.record, ended, rules)
        return notices


def _bare(result: Result) -> Result:
    reason = result.outcome.reason and "its reason cannot be stored"
    outcome = replace(result.outcome, reason=reason)
    return replace(result, outcome=outcome, request_headers="{}", response_headers=None, response_body=None)
