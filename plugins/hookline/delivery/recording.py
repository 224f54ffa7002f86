"""Recording a group of attempts; one that the database refuses keeps no other from being recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError

from hookline.database import is_away
from hookline.outbox import results

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from hookline.outbox.results import Result
    from hookline.protocol.breaker import Rules

log = structlog.get_logger(__name__)


async def record(engine: AsyncEngine, ended: list[Result], rules: Rules) -> list[str]:
    """Store attempts by one commit; if the database refuses it, each by its own.

    :param ended: what is recorded leaves it, also if the rest cannot be.
    :returns: sentences about endpoints that were disabled.
    :raises SQLAlchemyError, OSError: the database is away; nothing that is not recorded is lost by it.
    """
    try:
        notices = await _record(engine, ended, rules)
    except (DBAPIError, ValueError) as error:  # ValueError: text that a driver cannot send
        if is_away(error):
            raise
        log.warning("attempts are recorded one by one", error=type(error).__name__)
        return await _one_by_one(engine, ended, rules)
    ended.clear()
    return notices


async def _one_by_one(engine: AsyncEngine, ended: list[Result], rules: Rules) -> list[str]:
    notices: list[str] = []
    while ended:
        try:
            notices += await _record(engine, ended[:1], rules)
        except (DBAPIError, ValueError) as error:
            if is_away(error):
                raise
            notices += await _record(engine, [_bare(ended[0])], rules)
        del ended[0]
    return notices


async def _record(engine: AsyncEngine, ended: Sequence[Result], rules: Rules) -> list[str]:
    async with engine.begin() as connection:
        notices: list[str] = await connection.run_sync(results.record, ended, rules)
        return notices


def _bare(result: Result) -> Result:
    reason = result.outcome.reason and "its reason cannot be stored"
    outcome = replace(result.outcome, reason=reason)
    return replace(result, outcome=outcome, request_headers="{}", response_headers=None, response_body=None)
