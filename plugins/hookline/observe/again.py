"""Sending deliveries again, also those whose messages could not be made: those are made now."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from hookline.exceptions import ConfigurationError
from hookline.observe import registry
from hookline.observe.composing import Made, compose
from hookline.outbox import store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def replay(session: Session, numbers: Collection[int], now: datetime) -> int:
    """Send deliveries again, by ``seq``, from the beginning of the schedule; those that are pending stay.

    A message that could not be made is made as its webhook is declared now; if it still cannot be, it keeps
    the new reason and is not counted.

    :returns: how many.
    """
    for row in store.not_made(session, numbers):
        try:
            made = _made(session, row)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  a definition of another version raises whatever it does
            store.still_not_made(session, row.seq, f"the message could not be made: {error}")
        else:
            store.make(session, row.seq, (made.endpoint, made.body), now)
    return store.replay(session, numbers, now)


def _made(session: Session, row: Any) -> Made:
    webhook = registry.current(session, row.dag_id, row.webhook)
    if webhook is None:
        raise ConfigurationError(f"the Dag `{row.dag_id}` has no step webhook `{row.webhook}` any more")
    made = compose(webhook, json.loads(row.payload))
    if made is None:
        raise ConfigurationError("the filter of its webhook leaves it out now; cancel it or let it be")
    return made
