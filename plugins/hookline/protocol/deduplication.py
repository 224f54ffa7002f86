"""One delivery, one event, one run: identifiers derived from what the sender sent."""

from __future__ import annotations

import hashlib
import re

import uuid6

MAX_EVENT_ID = 250
MAX_RUN_ID = 250
_HASHED = "sha256-"
# Runs that repeat an event have it, see :mod:`hookline.protocol.repetition`.
_REPEATED = re.compile(r"~r[0-9]+\Z")
_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+\Z")


def event_id(delivery_id: str | None) -> str:
    """Return the event's identifier: the sender's delivery id, or a new UUIDv7 when it sent none.

    An id that is too long, holds characters a database or a log refuses, or looks like that of a repeated
    event is replaced by its digest, so that the same delivery still gives the same event.
    """
    if delivery_id is None:
        return str(uuid6.uuid7())
    if (
        len(delivery_id) > MAX_EVENT_ID
        or not delivery_id.isprintable()
        or delivery_id.startswith(_HASHED)
        or _REPEATED.search(delivery_id)
    ):
        return _HASHED + _digest(delivery_id)
    return delivery_id


def run_id(source: str, event: str) -> str:
    """Return the Dag run's identifier, ``webhook__{source}__{event id}``.

    Characters that Airflow refuses (``[scheduler] allowed_run_id_pattern``), ``..`` and ids over 250
    characters are replaced by a digest. So is a source whose name hides where it ends: two sources may
    feed one Dag, and their events must never share a run.

    :param source: name of the source.
    :param event: identifier as made by :func:`event_id`.
    """
    if "__" in f"{source}_":
        return f"webhook__{_HASHED}{_digest(f'{source}/{event}')}"
    readable = f"webhook__{source}__{event}"
    if len(readable) <= MAX_RUN_ID and ".." not in readable and _RUN_ID.match(readable):
        return readable
    return f"webhook__{source}__{_HASHED}{_digest(event)}"


def job_run_id(job: int) -> str:
    """Return the identifier of a run that no single event names: a batch, or a replay.

    No event has it: between its source and its id an event's run has two underscores more.

    :param job: running number of the job.
    """
    return f"webhook__job-{job}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
