"""Data that takes the place of an event's: it has to pass as the sender's would have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hookline.dispatch import schemas
from hookline.dispatch.dags import Found
from hookline.protocol import reference
from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.schema import Budget, Check, FieldError, Undecided

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import EventDags

STEPS, SECONDS = 50_000, 1.0


def written(data: Any) -> str:
    """Return data as JSON text.

    :raises ValueError: it is too large, or holds what no event may hold.
    """
    text = json.dumps(data, allow_nan=False)
    if len(text) > INLINE_BYTES:
        raise ValueError(f"The data may have {INLINE_BYTES} bytes; this has {len(text)}.")
    if reference.looks_like_one(data):
        # A run would read what it points to from object storage.
        raise ValueError("The data has the members of a reference to stored data, and no others.")
    return text


def wrong(session: Session, dags: EventDags, names: Collection[str], data: Any) -> list[FieldError]:
    """Return what is wrong with the data in the eyes of these Dags.

    What cannot be decided here is left to the dispatcher.
    """
    found: list[FieldError] = []
    for entry in dags.look_up(session, names).values():
        if isinstance(entry, Found) and "data" in entry.dag.params:
            found += _errors(schemas.of_one_event(entry), data)
    return found


def _errors(schema: dict[str, Any], data: Any) -> list[FieldError]:
    try:
        return Check(reference.accepted(schema)).errors(data, Budget(STEPS, SECONDS))
    except Undecided:
        return []
    except Exception:  # noqa: BLE001  whatever an author wrote; Airflow will say so
        return []
