"""An event that runs again: the run's identifier, and what its ``conf`` says of its origin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from hookline.protocol import deduplication


def run_id(source: str, event_id: str, replay: int) -> str:
    """Return the identifier of the run, ``webhook__{source}__{event id}~r{replay}``.

    No sender can choose an event id that gives it, see :func:`hookline.protocol.deduplication.event_id`.

    :param replay: the number of the replay.
    """
    return deduplication.run_id(source, f"{event_id}~r{replay}")


def version(event: Mapping[str, Any]) -> str | None:
    """Return the id of the Dag version that a repeated event is for; None for the newest."""
    extension = event.get("hookline")
    replay = extension.get("replay") if isinstance(extension, Mapping) else None
    found = replay.get("dag_version") if isinstance(replay, Mapping) else None
    return found if isinstance(found, str) else None


def body(
    text: str, event_id: str, replay: int, *, data: str | None = None, dag_version: str | None = None
) -> str:
    """Return the event as JSON text, naming its origin in ``hookline.replay``.

    :param text: the event as it is kept; its data stay as they are written, digit for digit.
    :param dag_version: id of the version of its Dag that is to run.
    :param data: JSON that takes the data's place; what pointed to data in object storage is left out then.
    """
    members: dict[str, Any] = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    extension: dict[str, Any] = json.loads(bytes(members.get("hookline", msgspec.Raw(b"{}"))))
    if data is not None:
        members["data"] = msgspec.Raw(data.encode())
        extension.pop("dataref", None)
    extension["replay"] = {
        "of": event_id,
        "replay": replay,
        **({"edited": True} if data is not None else {}),
        **({"dag_version": dag_version} if dag_version is not None else {}),
    }
    members["hookline"] = msgspec.Raw(json.dumps(extension).encode())
    return msgspec.json.encode(members).decode()
